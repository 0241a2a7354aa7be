using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>One number per worker in shared memory, each written by its worker alone and read by all. A view for one of them.</summary>
internal readonly unsafe struct WorkerNumbers
{
    private readonly int* _first;
    private readonly int _stride;
    private readonly int _workerCount;
    private readonly int _ownIndex;

    /// <param name="first">The number of worker 0; that of worker n lies n strides on.</param>
    /// <param name="stride">Numbers from one worker to the next.</param>
    /// <param name="workerCount">How many workers there are.</param>
    /// <param name="workerIndex">The worker that uses this view.</param>
    public WorkerNumbers(int* first, int stride, int workerCount, int workerIndex)
    {
        _first = first;
        _stride = stride;
        _workerCount = workerCount;
        _ownIndex = workerIndex;
    }

    /// <summary>How many workers there are.</summary>
    public int Count => _workerCount;

    public int Own => _first[_ownIndex * _stride];

    public void SetOwn(int value) => Volatile.Write(ref _first[_ownIndex * _stride], value);

    /// <summary>The number of a worker; 0 for the one that uses this view.</summary>
    public int Other(int worker) => worker == _ownIndex ? 0 : Volatile.Read(ref _first[worker * _stride]);

    /// <summary>Over all workers; a moment's view.</summary>
    public int Sum()
    {
        int sum = 0;
        for (int worker = 0; worker < _workerCount; worker++)
            sum += Volatile.Read(ref _first[worker * _stride]);
        return sum;
    }
}
