namespace NativeProxy.Exchanges.Logged;

/// <summary>When an exchange reached its stations, in loop milliseconds; `LinkTimes.NotReached` where it has not.</summary>
/// <param name="HeadReadMs">The complete head of the request.</param>
/// <param name="ChosenMs">The server of the present or last try.</param>
/// <param name="ConnectedMs">The request could go out.</param>
/// <param name="ResponseHeadMs">The head of the final response.</param>
internal readonly record struct ExchangeStations(long HeadReadMs, long ChosenMs, long ConnectedMs, long ResponseHeadMs);
