using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Pipes;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>Questions of operators to workers: over real lines, by a clock that the test moves.</summary>
public sealed class AskedWorkersTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task WorkerThatDoesNotAnswerInTime_HasAnEmptyAnswer()
    {
        using CrewUnderTest crew = await CrewUnderTest.Serving(2);
        var asked = new AskedWorkers(crew.Slots) { Time = _time };
        Task<IReadOnlyList<byte[]>?> answers = asked.Ask("what");
        await crew.Worker(0).Answers("what", "yes");
        Assert.Equal("what", await crew.Worker(1).IsAsked());

        // What comes behind the answer has been heard, so that was, too.
        crew.Says(0, ControlCommand.Ready, round: 0);
        await _time.UntilNextDue(3000);
        Assert.False(answers.IsCompleted);
        _time.AdvanceTo(3000);
        Assert.Equal(["yes", ""], await Texts(answers));
    }

    [Fact]
    public async Task LateAnswer_IsForNobody()
    {
        using CrewUnderTest crew = await CrewUnderTest.Serving(1);
        var asked = new AskedWorkers(crew.Slots) { Time = _time };
        Task<IReadOnlyList<byte[]>?> first = asked.Ask("first");
        ControlMessage question = await crew.Worker(0).Hears(ControlCommand.Ask);
        await _time.UntilNextDue(3000);
        _time.AdvanceTo(3000);
        Assert.Equal([""], await Texts(first));
        Task<IReadOnlyList<byte[]>?> second = asked.Ask("second");
        crew.Worker(0).Answers(question, "late");
        await crew.Worker(0).Answers("second", "in time");
        Assert.Equal(["in time"], await Texts(second));
    }

    [Fact]
    public async Task MoreQuestionsThanMayWait_AreNotAsked()
    {
        using CrewUnderTest crew = await CrewUnderTest.Serving(1);
        var asked = new AskedWorkers(crew.Slots) { Time = _time };
        Task<IReadOnlyList<byte[]>?>[] waiting =
            [.. Enumerable.Range(0, AskedWorkers.WaitingMax + 1).Select(i => asked.Ask($"question {i}"))];
        Assert.Null(await asked.Ask("one too many").WaitAsync(LoopUnderTest.Deadline));
        for (int i = 0; i < waiting.Length; i++)
        {
            await crew.Worker(0).Answers($"question {i}", "yes");
            Assert.Equal(["yes"], await Texts(waiting[i]));
        }
        Task<IReadOnlyList<byte[]>?> last = asked.Ask("last");
        await crew.Worker(0).Answers("last", "yes");
        Assert.Equal(["yes"], await Texts(last));
    }

    /// <summary>The first one waits for an answer 3 s, the second likewise behind it; the third does not wait for its turn until then.</summary>
    [Fact]
    public async Task QuestionWhoseTurnDoesNotCome_IsNotAsked()
    {
        using CrewUnderTest crew = await CrewUnderTest.Serving(1);
        var asked = new AskedWorkers(crew.Slots) { Time = _time };
        Task<IReadOnlyList<byte[]>?>[] all = [.. Enumerable.Range(0, 3).Select(i => asked.Ask($"question {i}"))];
        await _time.UntilNextDue(3000);
        _time.AdvanceTo(3000);
        Assert.Equal([""], await Texts(all[0]));
        await Waiting.Until(() => _time.DueCount(6000) == 1, static () => "the second question to be asked");
        _time.AdvanceTo(5000);
        Assert.Null(await all[2].WaitAsync(LoopUnderTest.Deadline));
        _time.AdvanceTo(6000);
        Assert.Equal([""], await Texts(all[1]));
    }

    private static async Task<string[]> Texts(Task<IReadOnlyList<byte[]>?> answers) =>
        [.. (await answers.WaitAsync(LoopUnderTest.Deadline))!.Select(Encoding.ASCII.GetString)];
}
