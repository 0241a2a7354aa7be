using System;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Hosting.Workers;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class OperatorQuestionsTests
{
    /// <summary>Without a loop a question fails; the next one is answered all the same.</summary>
    [Fact]
    public async Task QuestionBehindOneThatFailed_IsAnswered()
    {
        var questions = new OperatorQuestions(null!, null!);
        Task<byte[]> failed = questions.Ask("end 1");
        Task<byte[]> next = questions.Ask("what is this");
        await Assert.ThrowsAnyAsync<Exception>(() => failed);
        Assert.Equal("null", Encoding.ASCII.GetString(await next.WaitAsync(LoopUnderTest.Deadline)));
    }

    /// <summary>Whoever has set something of a server waits for this.</summary>
    [Fact]
    public async Task Follow_IsAnsweredWhenTheLoopHasLooked()
    {
        using var worker = new WorkerUnderTest();
        Assert.Equal("true", Encoding.ASCII.GetString(await worker.Worker.Ask("follow").WaitAsync(LoopUnderTest.Deadline)));
    }
}
