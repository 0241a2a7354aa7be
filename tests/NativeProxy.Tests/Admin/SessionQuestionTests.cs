using System;
using NativeProxy.Admin;
using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.Admin;

public class SessionQuestionTests
{
    [Theory]
    [InlineData("", 100, "Newest", "", "", "")]
    [InlineData("count=1000", 1000, "Newest", "", "", "")]
    [InlineData("order=longest&listener=web&state=idle", 100, "Longest", "web", "", "idle")]
    [InlineData("server=app%2Fa&order=oldest", 100, "Oldest", "", "app/a", "")]
    [InlineData("&&count=7&", 7, "Newest", "", "", "")]
    public void Question_IsReadFromItsQuery(string query, int count, string order, string listener, string server, string state)
    {
        SessionQuestion question = SessionQuestion.TryParse(query, out _)!;
        Assert.Equal((count, order, listener, server, state),
            (question.CountMax, question.Order.ToString(), question.Listener, question.Server,
                question.State is { } named ? SessionStates.WordOf(named) : ""));
        Assert.Equal(query, question.Line);
    }

    [Theory]
    [InlineData("client=10.0.0.1", true)]
    [InlineData("client=10.0.0.0/8", true)]
    [InlineData("client=2001:db8::/32", true)]
    [InlineData("query=shown", true)]
    [InlineData("client=10.0.0.1/8", false)]
    [InlineData("client=all", false)]
    [InlineData("count=0", false)]
    [InlineData("count=1001", false)]
    [InlineData("count=-1", false)]
    [InlineData("count=1&count=2", false)]
    [InlineData("order=random", false)]
    [InlineData("state=idle&state=idle", false)]
    [InlineData("state=", false)]
    [InlineData("state=Idle", false)]
    [InlineData("listener=", false)]
    [InlineData("listener=a%20b", false)]
    [InlineData("query", false)]
    [InlineData("what=ever", false)]
    [InlineData("%", false)]
    public void OnlyWhatIsUnderstood_IsTaken(string query, bool isTaken)
    {
        Assert.Equal(isTaken, SessionQuestion.TryParse(query, out string problem) is not null);
        Assert.Equal(isTaken, problem.Length == 0);
    }

    [Fact]
    public void StateThatIsMisspelt_IsRefusedWithTheWordsThatThereAre()
    {
        Assert.Null(SessionQuestion.TryParse("state=waiting_for_anser", out string problem));
        foreach (SessionState state in Enum.GetValues<SessionState>())
        {
            Assert.Contains(SessionStates.WordOf(state), problem, StringComparison.Ordinal);
            Assert.Equal(state, SessionQuestion.TryParse($"state={SessionStates.WordOf(state)}", out _)!.State);
        }
    }
}
