namespace NativeProxy.Hosting.Workers;

/// <summary>Which worker of how many this is.</summary>
/// <param name="Index">0-based.</param>
/// <param name="Count">At least 1.</param>
internal readonly record struct WorkerPlace(int Index, int Count);
