using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Something that a client says, and what is to become of its connection, whoever opens its records.</summary>
/// <param name="Name">For a person.</param>
/// <param name="Say">Puts records into the output.</param>
/// <param name="Fate">With records that are the product's.</param>
internal sealed record RecordCase(string Name, Action<RawClient> Say, RecordFate Fate)
{
    /// <summary>The alert where OpenSSL opens the records; null = the same.</summary>
    public int? LibraryAlert { get; init; }

    /// <summary>Everything where OpenSSL opens the records; null = the same.</summary>
    public RecordFate? LibraryFate { get; init; }

    /// <summary>FIN follows.</summary>
    public bool Ends { get; init; }

    /// <summary>The connection goes on.</summary>
    public static RecordCase Good(string name, Action<RawClient> say, string heard = "") =>
        new(name, say, new RecordFate(heard, RecordEnd.GoesOn, LayerFailure.None, -1));

    /// <summary>The client is told by an alert what is wrong.</summary>
    public static RecordCase Bad(string name, int alert, Action<RawClient> say, string heard = "") =>
        new(name, say, new RecordFate(heard, RecordEnd.Broken, LayerFailure.BadRecord, alert));

    /// <summary>The client ends it.</summary>
    public static RecordCase End(string name, Action<RawClient> say, string heard = "") =>
        new(name, say, new RecordFate(heard, RecordEnd.Announced, LayerFailure.None, -1));

    /// <summary>The client gives up.</summary>
    public static RecordCase GivesUp(string name, Action<RawClient> say, LayerFailure failure = LayerFailure.Alert, string heard = "") =>
        new(name, say, new RecordFate(heard, RecordEnd.Broken, failure, -1));

    /// <summary>Names for a theory, each for both that may open the records.</summary>
    public static TheoryData<string, bool> NamesOf(IEnumerable<RecordCase> cases)
    {
        var names = new TheoryData<string, bool>();
        foreach (RecordCase one in cases)
        {
            names.Add(one.Name, true);
            names.Add(one.Name, false);
        }
        return names;
    }

    /// <summary>Plays the case of that name.</summary>
    public static async Task Play(IEnumerable<RecordCase> cases, string name, bool opensRecords)
    {
        RecordCase one = cases.Single(candidate => candidate.Name == name);
        RecordFate expected = opensRecords
            ? one.Fate
            : one.LibraryFate ?? one.Fate with { Alert = one.LibraryAlert ?? one.Fate.Alert };
        Assert.Equal(expected, await RecordFate.Of(opensRecords, one.Say, ends: one.Ends));
    }
}
