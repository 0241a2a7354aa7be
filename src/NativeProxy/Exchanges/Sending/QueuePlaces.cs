namespace NativeProxy.Exchanges.Sending;

/// <summary>Where a request began to wait, as HAProxy counts it: 1 = the first in line, 0 = it did not wait; added up over retries.</summary>
/// <param name="OfServer">In the line of one server.</param>
/// <param name="OfGroup">In the line of the group, for whichever server has room first.</param>
internal readonly record struct QueuePlaces(int OfServer, int OfGroup);
