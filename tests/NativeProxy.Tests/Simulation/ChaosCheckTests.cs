using System;
using NativeProxy.Tests.Simulation.Verdict;
using Xunit;

namespace NativeProxy.Tests.Simulation;

/// <summary>The checks of the chaos runs find what they are there for: each deliberate fault breaks the run, with the right words.</summary>
public sealed class ChaosCheckTests
{
    [Theory]
    [InlineData((byte)Sabotage.AnswerOfAnother, "the answer to request")]
    [InlineData((byte)Sabotage.ShortBody, "looks complete with")]
    [InlineData((byte)Sabotage.ChangedByte, "are not those of answer")]
    [InlineData((byte)Sabotage.RepeatedPost, "is not idempotent, and was sent 2 times")]
    [InlineData((byte)Sabotage.SmuggledRequest, "that no client sent")]
    [InlineData((byte)Sabotage.LeakedBuffer, "buffers are lent while nothing runs")]
    [InlineData((byte)Sabotage.SilentClose, "closed with a reason")]
    public void DeliberateFault_IsFound(byte sabotage, string words)
    {
        ChaosFailure failure = Assert.Throws<ChaosFailure>(() => ChaosRun.Run(21, 500, FaultMix.Calm, (Sabotage)sabotage));

        Assert.IsType<InvariantBroken>(failure.InnerException);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Contains("seed 21", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutADeliberateFault_TheSameRunHolds() => Assert.True(ChaosRun.Run(21, 500, FaultMix.Calm).Complete > 300);
}
