using System;
using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.Foundation;

public class CheckTests
{
    [Fact]
    public void TrueFact_Passes() => Check.That(true, "never seen");

    [Fact]
    public void FalseFact_ThrowsAndSaysWhichBug() =>
        Assert.Equal("bug: too many", Assert.Throws<InvalidOperationException>(static () => Check.That(false, "too many")).Message);

    [Fact]
    public void LawfulMove_Passes() => Check.Lawful(true, DayOfWeek.Monday, DayOfWeek.Tuesday);

    [Fact]
    public void UnlawfulMove_ThrowsWithBothStates() =>
        Assert.Equal(
            "bug: DayOfWeek must not go from Monday to Sunday",
            Assert.Throws<InvalidOperationException>(static () => Check.Lawful(false, DayOfWeek.Monday, DayOfWeek.Sunday)).Message);
}
