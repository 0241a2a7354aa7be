using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Hosting.Channels;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Asks all workers a question of an operator, one question at a time, and gathers their answers: of those who answer in time. Others wait for their
/// turn, a bounded number for a bounded time. Any thread. Never waits for a worker with a thread.
/// </summary>
internal sealed class AskedWorkers
{
    /// <summary>Questions that wait for their turn; further ones are not asked.</summary>
    public const int WaitingMax = 8;

    /// <summary>A question that has waited for so long is not asked: with its answer it is still in time for the endpoint's connections.</summary>
    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(5);

    /// <summary>A worker that has not answered by then is left out.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    private readonly IReadOnlyList<WorkerSlot> _slots;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<byte[]> _answers = [];
    private TaskCompletionSource _all = new();
    private int _number;
    private int _awaited;

    /// <summary>Questions that are asked or wait.</summary>
    private int _presentCount;

    public AskedWorkers(IReadOnlyList<WorkerSlot> slots)
    {
        _slots = slots;
        foreach (WorkerSlot slot in slots)
            slot.Answered = Heard;
    }

    /// <summary>Whose clock the limits follow.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>An answer of each worker that was asked, empty where none came in time; null when too many questions wait already.</summary>
    public async Task<IReadOnlyList<byte[]>?> Ask(string question)
    {
        try
        {
            return Interlocked.Increment(ref _presentCount) <= WaitingMax + 1 && await IsTurn() ? await AskInTurn(question) : null;
        }
        finally
        {
            Interlocked.Decrement(ref _presentCount);
        }
    }

    private async Task<bool> IsTurn()
    {
        using var over = new CancellationTokenSource(TurnLimit, Time);
        try
        {
            await _turn.WaitAsync(over.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<byte[]>> AskInTurn(string question)
    {
        try
        {
            await Begin(question).WaitAsync(AnswerLimit, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_gate)
            {
                _number++;
                while (_answers.Count < _awaited)
                    _answers.Add([]);
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
