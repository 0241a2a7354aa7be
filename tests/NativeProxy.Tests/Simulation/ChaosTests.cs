using System;
using System.Collections.Generic;
using System.Globalization;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// Seeded exchanges through scripted faults on both sides, without sockets, threads or a clock. A failure prints its seed, which runs it again:
/// <c>NATIVEPROXY_CHAOS_SEED</c> is the first seed, <c>NATIVEPROXY_CHAOS_RUNS</c> how many seeds follow it (1 unless set), and
/// <c>NATIVEPROXY_CHAOS_EXCHANGES</c> the requests of each (1000 unless set).
/// </summary>
public class ChaosTests(ITestOutputHelper output)
{
    /// <summary>Whether both sides of the proxy speak in records.</summary>
    protected virtual bool IsLayered => false;

    /// <summary>Which runs together show all that may happen.</summary>
    protected virtual ulong[] Seeds => [1, 2, 3, 4, 5, 6, 7, 8, 19, 26, 34, 36, 44];

    private const int ExchangesUnlessSet = 1000;

    /// <summary>What must have happened at least once in the runs, or they would prove little.</summary>
    private static readonly CounterId[] RarePaths =
    [
        CounterId.RetriesStaleReuse, CounterId.RetriesConnectFailure, CounterId.ServerReuses, CounterId.QueueEntered, CounterId.BadResponses,
            CounterId.ShortBodies,
        CounterId.BadRequestsFraming, CounterId.BadRequestsSyntax, CounterId.TimeoutsRequestHeader, CounterId.TimeoutsRequestBody,
        CounterId.TimeoutsResponse,
        CounterId.TimeoutsClientSend, CounterId.TimeoutsKeepAlive, CounterId.TimeoutsLinger, CounterId.TimeoutsConnect, CounterId.RequestsAborted,
        CounterId.Responses1xx,
        CloseCounters.Of(CloseReason.CloseDelimited), CloseCounters.Of(CloseReason.TruncatedResponse),
        CloseCounters.Of(CloseReason.UnreadRequestBody), CloseCounters.Of(ServerCloseReason.SurplusBytes),
        CloseCounters.Of(ServerCloseReason.RequestUnsent), CloseCounters.Of(ServerCloseReason.ServerReset),
        CloseCounters.Of(ServerCloseReason.ServerFin), CounterId.BufferRefusals,
        CounterId.RequestsInParallel, CounterId.ServerRequestsPipelined, CounterId.ReplayedBodies,
        CounterId.CacheStores, CounterId.CacheEvictions, CounterId.CacheFetchesAlone,
    ];

    [Fact]
    public void WhateverGoesWrong_EveryPromiseHolds()
    {
        ChaosResult[] results =
            [.. Array.ConvertAll(Seeds, seed => Run(seed, ExchangesUnlessSet, null))];

        Assert.All(results,
            static result => Assert.True(result.Complete > result.Requests / 10, $"only {result.Complete} of {result.Requests} answered"));
        Assert.Empty(Array.FindAll(RarePaths, id => Array.TrueForAll(results, result => result.Counters[id] == 0)));
    }

    /// <summary>A stop whose drain time is over, in the middle of all that.</summary>
    [Fact]
    [Trait("promise", "B3")]
    public void WhateverRunsWhenTheProxyIsCut_IsEnteredWithAReason_AndLooksCut()
    {
        int[] cut = Array.ConvertAll<ulong, int>([21, 22, 23, 24, 25, 26, 27, 28], seed => ChaosRun.RunAndCut(seed, 300, IsLayered));

        Assert.True(Array.FindAll(cut, static count => count > 0).Length > cut.Length / 2, $"cut: {string.Join(", ", cut)}");
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void WhereNothingGoesWrong_EveryRequestIsAnswered(ulong seed)
    {
        ChaosResult result = Run(seed, 500, FaultMix.Calm);

        Assert.Equal(0, result.OwnReplies);

        // While a handshake runs clients send more behind a response that says close than they do otherwise.
        int tenths = IsLayered ? 7 : 9;
        Assert.True(result.Complete >= result.Requests * tenths / 10, $"{result.Complete} of {result.Requests} answered");
    }

    [Fact]
    public void SameSeed_GivesTheSameTrace()
    {
        ChaosResult one = Run(7, 600, null);
        ChaosResult other = Run(7, 600, null);

        Assert.Equal((one.TraceHash, one.TraceCount), (other.TraceHash, other.TraceCount));
        Assert.NotEqual(one.TraceHash, Run(8, 600, null).TraceHash);
    }

    [Fact]
    public void SeedsOfTheEnvironment_HoldEveryPromise()
    {
        if (!ulong.TryParse(Environment.GetEnvironmentVariable("NATIVEPROXY_CHAOS_SEED"), CultureInfo.InvariantCulture, out ulong first))
        {
            output.WriteLine("skipped: NATIVEPROXY_CHAOS_SEED is not set");
            return;
        }
        int runs = NumberOf("NATIVEPROXY_CHAOS_RUNS", 1);
        int exchanges = NumberOf("NATIVEPROXY_CHAOS_EXCHANGES", ExchangesUnlessSet);
        var failures = new List<ChaosFailure>();
        for (ulong seed = first; seed < first + (ulong)runs; seed++)
        {
            try
            {
                Run(seed, exchanges, null);
            }
            catch (ChaosFailure failure)
            {
                failures.Add(failure);
                output.WriteLine($"seed {seed} failed: {failure.InnerException!.Message}");
            }
        }
        if (failures.Count > 0)
            throw failures[0];
    }

    private static int NumberOf(string variable, int unlessSet) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : unlessSet;

    private ChaosResult Run(ulong seed, int exchanges, FaultMix? faults)
    {
        ChaosResult result = ChaosRun.Run(seed, exchanges, faults, isLayered: IsLayered);
        output.WriteLine(
            $"seed {seed}: {result.Requests} requests, {result.Delivered} delivered whole, {result.Complete} answered whole by servers, "
            + $"{result.OwnReplies} by the proxy; "
            + $"{result.TraceCount} events in {result.VirtualMs} ms of virtual time, hash {result.TraceHash:x}");
        return result;
    }
}

/// <summary><see cref="ChaosTests"/> through a layer.</summary>
public sealed class LayeredChaosTests(ITestOutputHelper output) : ChaosTests(output)
{
    protected override bool IsLayered => true;

    protected override ulong[] Seeds => [1, 8, 9, 10, 11, 13, 14, 15, 16, 20, 21, 23, 26, 28, 31, 36, 40, 76, 124, 125];
}
