using System;
using System.Globalization;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// What an operator asks one worker: one question after another, each answered by its loop in slices. Runs on the pool; reaches the loop by posting
/// only. A question is a word and what belongs to it; the answer is JSON.
/// </summary>
internal sealed class OperatorQuestions(EventLoop loop, TrafficPlan traffic)
{
    private Task _last = Task.CompletedTask;

    /// <summary>
    /// One thread at a time. The answer, once the loop has given it, whatever became of the question before; what is not understood has the answer
    /// null.
    /// </summary>
    public Task<byte[]> Ask(string question)
    {
        Task<byte[]> answer = AnswerAfter(_last, question);
        _last = answer;
        return answer;
    }

    private async Task<byte[]> AnswerAfter(Task before, string question)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        int blank = question.IndexOf(' ', StringComparison.Ordinal);
        (string verb, string rest) = blank < 0 ? (question, "") : (question[..blank], question[(blank + 1)..]);
        if (verb == WorkerQuestion.Sessions && SessionQuestion.TryParse(rest, out _) is { } wanted)
        {
            var survey = new SessionSurvey(loop, traffic, wanted);
            loop.Post(survey);
            return SessionJson.Of(await survey.Done, wanted);
        }
        if (verb == WorkerQuestion.End && long.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
        {
            var end = new SessionEnd(loop, traffic, id);
            loop.Post(end);
            return Encoding.ASCII.GetBytes(await end.Done ? "true" : "false");
        }
        if (question == WorkerQuestion.Follow)
        {
            var look = new BoardLook(traffic);
            loop.Post(look);
            await look.Done;
            return [.. "true"u8];
        }
        return [.. "null"u8];
    }
}
