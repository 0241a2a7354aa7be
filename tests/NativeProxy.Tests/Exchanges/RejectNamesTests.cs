using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Tests.House;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>Each rule by which a message can be refused has a code of its own, which the manual explains and the log shows.</summary>
public class RejectNamesTests
{
    public static IEnumerable<string> Codes() =>
        Enum.GetValues<RejectReason>().Where(static reason => reason != RejectReason.None).Select(RejectReasons.CodeOf)
            .Concat(Enum.GetValues<ProxyError>().Select(static error => ProxyErrors.Of(error).Rule).OfType<string>());

    [Fact]
    public void EveryRule_HasACodeOfItsOwn_InSnakeCase()
    {
        Assert.Equal(RejectReasons.Count, Enum.GetValues<RejectReason>().Length);
        Assert.Equal("-", RejectReasons.CodeOf(RejectReason.None));
        Assert.All(Codes(), static code => Assert.Matches("^[a-z]+(_[a-z0-9]+)*$", code));
        Assert.Equal(Codes().Order(), Codes().Distinct().Order());
    }

    [Fact]
    public void EveryCode_IsInTheListOfTheManual_AndNoOther()
    {
        string list = Repository.Read("src/manual/access-log.md").Split("The rules of `why`.")[1].Split("\n\n")[0];
        Assert.Equal(Codes().Order(StringComparer.Ordinal), list.Split('`').Where(static (_, i) => i % 2 == 1).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void NameOfARefusal_IsTheParsersRule_ElseThatOfTheError_ElseNone()
    {
        LogNames names = new();
        RejectNames rejects = new(names);
        Assert.Equal("bare_line_feed", Encoding.ASCII.GetString(names.NameOf(rejects.Of(ProxyError.BadRequest, RejectReason.BareLineFeed))));
        Assert.Equal("request_body_too_large", Encoding.ASCII.GetString(names.NameOf(rejects.Of(ProxyError.RequestBodyTooLarge, RejectReason.None))));
        Assert.Equal("queue_timeout", Encoding.ASCII.GetString(names.NameOf(rejects.Of(ProxyError.QueueTimeout, RejectReason.None))));
        Assert.Equal(LogNames.None, rejects.Of(ProxyError.ServerResponseTimeout, RejectReason.None));
        Assert.Equal(LogNames.None, rejects.Of(ProxyError.None, RejectReason.None));
    }

    /// <summary>Whoever is refused by a limit alone may come back, and is told when; nobody else is.</summary>
    [Fact]
    public void ErrorsThatSayWhenToComeBack_AreThoseOfLimits() => Assert.Equal(
        [
            ProxyError.TooManyLogins, ProxyError.TooManyLookups, ProxyError.TooManyAtOnce, ProxyError.QueueTimeout, ProxyError.QueueFull,
            ProxyError.TooManyRequests, ProxyError.NoSourcePort, ProxyError.BuffersExhausted,
        ],
        Enum.GetValues<ProxyError>().Where(static error => ProxyErrors.Of(error).RetryAfterS > 0));

    /// <summary>A request that the parser or a setting refuses is never without a name for it; what fails otherwise has none.</summary>
    [Fact]
    public void ErrorsWithAStatusOfRefusal_HaveARule()
    {
        ProxyError[] withoutRule = [.. Enum.GetValues<ProxyError>()
            .Where(static error => ProxyErrors.Of(error) is { Status: 403 or 405 or 413 or 431 or 501 or 505, Rule: null })];
        Assert.Empty(withoutRule);
    }
}
