using System.Collections.Generic;
using System.Linq;
using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.Foundation;

public sealed class NewestFirstTests
{
    private NewestFirst<Item> _order;

    [Theory]
    [InlineData("a", 0, "x")]
    [InlineData("abc", 0, "xbc")]
    [InlineData("abc", 1, "axc")]
    [InlineData("abc", 2, "abx")]
    public void Replace_PutsAnItemInThePlaceOfAnother_WhereverItStands(string names, int index, string expected)
    {
        Item[] items = Fill(names);
        var other = new Item('x');

        _order.Replace(items[index], other);

        Assert.Equal((expected, expected), (Names(), NamesBackward()));
        Assert.Equal(names.Length, _order.Count);
        Assert.Equal((null, null), (items[index].Newer, items[index].Older));
    }

    /// <summary>Unused objects are linked by <see cref="Ordered{T}.Older"/>, in both roles.</summary>
    [Fact]
    public void Replace_TakesNothingOverFromAListOfUnusedObjects()
    {
        Item[] items = Fill("ab");
        var other = new Item('x') { Older = new Item('y') };

        _order.Replace(items[0], other);
        items[0].Older = new Item('z');

        Assert.Equal("xb", Names());
        Assert.Equal("xb", NamesBackward());
    }

    [Fact]
    public void ReplacedItem_CanBeAddedAgain_AndTheOtherLeavesLikeAny()
    {
        Item[] items = Fill("abc");
        var other = new Item('x');
        _order.Replace(items[1], other);

        _order.Add(items[1]);
        Assert.Equal("axcb", Names());
        _order.Remove(other);
        Assert.Equal("acb", Names());
        _order.Replace(items[0], other);
        _order.Renew(other);
        Assert.Equal(("cbx", "cbx", 3), (Names(), NamesBackward(), _order.Count));
    }

    private Item[] Fill(string names)
    {
        Item[] items = [.. names.Select(static name => new Item(name))];
        foreach (Item item in items)
            _order.Add(item);
        return items;
    }

    /// <summary>From the oldest to the newest.</summary>
    private string Names()
    {
        var names = new List<char>();
        for (Item? item = _order.Oldest; item is not null; item = item.Newer)
            names.Add(item.Name);
        return string.Concat(names);
    }

    /// <summary>The same, walked from the newest.</summary>
    private string NamesBackward()
    {
        var names = new List<char>();
        for (Item? item = _order.Newest; item is not null; item = item.Older)
            names.Insert(0, item.Name);
        return string.Concat(names);
    }

    private sealed class Item(char name) : Ordered<Item>
    {
        public char Name => name;
    }
}
