using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Hosting.Channels;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Asks all workers a question of an operator, one question at a time, and gathers their answers: of those who answer in time. Any thread. Never
/// waits for a worker with a thread.
/// </summary>
internal sealed class AskedWorkers
{
    /// <summary>A worker that has not answered by then is left out.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    private readonly IReadOnlyList<WorkerSlot> _slots;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<byte[]> _answers = [];
    private TaskCompletionSource _all = new();
    private int _number;
    private int _awaited;

    public AskedWorkers(IReadOnlyList<WorkerSlot> slots)
    {
        _slots = slots;
        foreach (WorkerSlot slot in slots)
            slot.Answered = Heard;
    }

    /// <summary>The answers that came.</summary>
    public async Task<IReadOnlyList<byte[]>> Ask(string question)
    {
        await _turn.WaitAsync();
        try
        {
            Task all = Begin(question);
            await Task.WhenAny(all, Task.Delay(AnswerLimit));
            lock (_gate)
            {
                _number++;
                return [.. _answers];
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task Begin(string question)
    {
        lock (_gate)
        {
            _number++;
            _answers.Clear();
            _awaited = 0;
            _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            byte[] payload = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_number} {question}"));
            foreach (WorkerSlot slot in _slots)
                _awaited += slot.Send(ControlCommand.Ask, payload) ? 1 : 0;
            if (_awaited == 0)
                _all.TrySetResult();
            return _all.Task;
        }
    }

    /// <summary>A worker has answered; what comes late is for nobody.</summary>
    private void Heard(byte[] payload)
    {
        int blank = Array.IndexOf(payload, (byte)' ');
        if (blank < 0 || !int.TryParse(payload.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return;
        lock (_gate)
        {
            if (number != _number)
                return;
            _answers.Add(payload[(blank + 1)..]);
            if (_answers.Count == _awaited)
                _all.TrySetResult();
        }
    }
}
