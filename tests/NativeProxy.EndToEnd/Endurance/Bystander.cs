using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// A well-behaved client of the listener "echo" that goes on asking on one connection while others misbehave, and checks each answer.
/// On dispose it must have been served at least once more; one who is not served at all fails by its deadline.
/// </summary>
internal sealed class Bystander : IAsyncDisposable
{
    private readonly RawClient _client;
    private readonly Task _asking;
    private volatile bool _isEnding;
    private int _served;

    private Bystander(RawClient client)
    {
        _client = client;
        _asking = Ask();
    }

    public static async Task<Bystander> Beside(ProxyUnderTest proxy) => new(await proxy.Connect("echo"));

    /// <summary>Fails unless the next two answers come: what happens now does not stop others.</summary>
    public async Task ExpectService()
    {
        int before = _served;
        await Deadline.Until(() => _served >= before + 2 || _asking.IsCompleted, () => "the bystander to be served");
        if (_asking.IsCompleted)
            await _asking;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await ExpectService();
        }
        finally
        {
            _isEnding = true;
            await _asking;
            await _client.DisposeAsync();
        }
    }

    private async Task Ask()
    {
        while (!_isEnding)
        {
            string target = $"/bystander/{_served}";
            HttpResponse response = await _client.Ask(target);
            Assert.Equal((200, target), (response.Status, response.Body));
            _served++;
            await PassingTime.Of(20);
        }
    }
}
