using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class IdlePoolTests
{
    [Fact]
    public void EmptyPool_HasNothing()
    {
        var pool = new IdlePool();

        Assert.Null(pool.Pop(ConnectionIdentity.Plain));
        Assert.Null(pool.Oldest);
        Assert.Equal(0, pool.Count);
    }

    [Fact]
    public void Pop_TakesTheMostRecentlyUsed()
    {
        var pool = new IdlePool();
        UpstreamConnection[] connections = Fill(pool, 3);

        Assert.Same(connections[2], pool.Pop(ConnectionIdentity.Plain));
        Assert.Same(connections[1], pool.Pop(ConnectionIdentity.Plain));
        Assert.Same(connections[0], pool.Pop(ConnectionIdentity.Plain));
        Assert.Null(pool.Pop(ConnectionIdentity.Plain));
    }

    [Fact]
    public void Oldest_IsTheLeastRecentlyUsed()
    {
        var pool = new IdlePool();
        UpstreamConnection[] connections = Fill(pool, 3);

        Assert.Same(connections[0], pool.Oldest);
        pool.Remove(connections[0]);
        Assert.Same(connections[1], pool.Oldest);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void RemovedConnection_IsGoneWhereverItStood(int index)
    {
        var pool = new IdlePool();
        UpstreamConnection[] connections = Fill(pool, 3);

        pool.Remove(connections[index]);

        UpstreamConnection[] rest = [.. Enumerable.Reverse(connections).Where(connection => connection != connections[index])];
        Assert.Equal(2, pool.Count);
        Assert.Equal(rest, Drain(pool));
        Assert.Null(pool.Oldest);
    }

    [Fact]
    public void ConnectionUsedAgain_IsTheNewestAgain()
    {
        var pool = new IdlePool();
        UpstreamConnection[] connections = Fill(pool, 2);
        pool.Remove(connections[0]);

        pool.Push(connections[0]);

        Assert.Same(connections[1], pool.Oldest);
        Assert.Same(connections[0], pool.Pop(ConnectionIdentity.Plain));
    }

    [Fact]
    public void Pop_TakesTheNewestWithTheRightIdentity_WhateverStandsAboveIt()
    {
        var other = new ConnectionIdentity(security: null);
        var pool = new IdlePool();
        UpstreamConnection oldPlain = NewConnection(), oldOther = NewConnection(other), newOther = NewConnection(other), newPlain = NewConnection();
        Array.ForEach([oldPlain, oldOther, newOther, newPlain], pool.Push);

        Assert.Same(newOther, pool.Pop(other));
        Assert.Same(newPlain, pool.Pop(ConnectionIdentity.Plain));
        Assert.Same(oldOther, pool.Pop(other));
        Assert.Null(pool.Pop(other));
        Assert.Null(pool.Pop(new ConnectionIdentity(security: null)));
        Assert.Equal((1, oldPlain), (pool.Count, pool.Oldest));
    }

    [Fact]
    public void BoundAndAge_AreOfAllIdentitiesTogether()
    {
        var pool = new IdlePool();
        UpstreamConnection first = NewConnection(new ConnectionIdentity(security: null));
        Array.ForEach([first, NewConnection()], pool.Push);

        Assert.Equal((2, first), (pool.Count, pool.Oldest));
    }

    [Fact]
    public void RemoveFromAnEmptyPool_IsABug() =>
        Assert.Throws<InvalidOperationException>(() => new IdlePool().Remove(NewConnection()));

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void RandomUse_MatchesAList(int seed)
    {
        var dice = new Random(seed);
        var pool = new IdlePool();
        var model = new List<UpstreamConnection>();
        for (int step = 0; step < 2000; step++)
        {
            switch (dice.Next(4))
            {
                case 0 or 1:
                    UpstreamConnection pushed = NewConnection();
                    pool.Push(pushed);
                    model.Add(pushed);
                    break;
                case 2:
                    Assert.Same(model.LastOrDefault(), pool.Pop(ConnectionIdentity.Plain));
                    if (model.Count > 0)
                        model.RemoveAt(model.Count - 1);
                    break;
                case 3 when model.Count > 0:
                    int index = dice.Next(model.Count);
                    pool.Remove(model[index]);
                    model.RemoveAt(index);
                    break;
            }
            Assert.Equal(model.Count, pool.Count);
            Assert.Same(model.FirstOrDefault(), pool.Oldest);
        }
        model.Reverse();
        Assert.Equal(model, Drain(pool));
    }

    private static UpstreamConnection[] Fill(IdlePool pool, int count)
    {
        UpstreamConnection[] connections = [.. Enumerable.Range(0, count).Select(static _ => NewConnection())];
        Array.ForEach(connections, pool.Push);
        return connections;
    }

    private static List<UpstreamConnection> Drain(IdlePool pool)
    {
        var taken = new List<UpstreamConnection>();
        while (pool.Pop(ConnectionIdentity.Plain) is { } connection)
            taken.Add(connection);
        return taken;
    }

    /// <summary>The pool only links connections; it never asks for their server or loop.</summary>
    private static UpstreamConnection NewConnection(ConnectionIdentity? identity = null) =>
        new(null!, null!) { Identity = identity ?? ConnectionIdentity.Plain };
}
