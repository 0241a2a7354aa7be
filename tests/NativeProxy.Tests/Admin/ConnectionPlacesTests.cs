using System.Collections.Generic;
using System.Linq;
using NativeProxy.Admin;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>Who gives way to whom, without a socket: two places and two for probes.</summary>
public sealed class ConnectionPlacesTests
{
    private readonly ConnectionPlaces _places = new(placesMax: 2, probePlacesMax: 2);
    private readonly Dictionary<char, Holder> _holders = [];
    private readonly List<char> _gone = [];

    /// <summary>
    /// A letter takes a place; behind it ! begins a request, = has it answered, - leaves, ? begins in vain because the place is lost.
    /// Then who had to give way, in this order.
    /// </summary>
    [Theory]
    [InlineData("a b", "")]
    [InlineData("a b c", "a")]
    [InlineData("a b c d", "ab")]
    [InlineData("a b a! c", "b")]
    [InlineData("a b a! a= c", "b")]
    [InlineData("a b a! a= b! b= c d", "ab")]
    [InlineData("a b a- c", "")]
    [InlineData("a b a! a- c", "")]
    [InlineData("a b a! b! c d", "")]
    [InlineData("a b a! b! c d e", "c")]
    [InlineData("a b a! b! c d e f", "cd")]
    [InlineData("a b a! b! c d c! e", "c")]
    [InlineData("a b a! b! c c! c- d e", "")]
    [InlineData("a b a! b! c a= d", "a")]
    [InlineData("a b c a?", "a")]
    [InlineData("a b c a- d", "ab")]
    [InlineData("a b c b- c- d e", "a")]
    public void NewConnection_FindsAPlace(string steps, string expected)
    {
        foreach (string step in steps.Split(' '))
            Do(step);

        Assert.Equal(expected, string.Concat(_gone));
    }

    [Fact]
    public void Shortage_EndsTheOldestIdleOne_AndItsPlaceIsFree()
    {
        foreach (string step in (string[])["a", "b", "a!"])
            Do(step);
        _places.EndOldestIdle();
        _places.EndOldestIdle();
        Do("c");

        Assert.Equal("b", string.Concat(_gone));
        Assert.Equal([PlaceState.Busy, PlaceState.None, PlaceState.Idle], "abc".Select(name => _holders[name].State));
    }

    private void Do(string step)
    {
        if (!_holders.TryGetValue(step[0], out Holder? holder))
            holder = _holders[step[0]] = new Holder(() => _gone.Add(step[0]));
        switch (step.Length > 1 ? step[1] : ' ')
        {
            case '!':
                Assert.True(_places.Begin(holder));
                break;
            case '?':
                Assert.False(_places.Begin(holder));
                break;
            case '=':
                _places.Rest(holder);
                break;
            case '-':
                _places.Leave(holder);
                break;
            default:
                _places.Take(holder);
                break;
        }
    }

    /// <summary>A connection without a socket.</summary>
    private sealed class Holder(System.Action gone) : PlaceHolder
    {
        public override void GiveWay() => gone();
    }
}
