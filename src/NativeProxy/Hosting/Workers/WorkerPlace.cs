namespace NativeProxy.Hosting.Workers;

/// <summary>Which worker of how many this is.</summary>
/// <param name="Index">0-based.</param>
/// <param name="Count">At least 1.</param>
/// <param name="Row">Its row on the boards, which no other process has.</param>
/// <param name="RowCount">How many rows there are: more than workers, for those that end and those that begin at an upgrade.</param>
internal readonly record struct WorkerPlace(int Index, int Count, int Row, int RowCount);
