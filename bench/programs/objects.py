# Python: classes, dictionaries, generators, strings, sorting, integers of any length.
import json, re

class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None
    def insert(self, key):
        node = self
        while True:
            side = "left" if key < node.key else "right"
            child = getattr(node, side)
            if child is None:
                setattr(node, side, Node(key))
                return
            node = child
    def __iter__(self):
        if self.left: yield from self.left
        yield self.key
        if self.right: yield from self.right

root = Node(5000)
for i in range(30000):
    root.insert(i * 7919 % 30011)
total = sum(i * key for i, key in enumerate(root))
words = sorted("w%05d" % (i * 7919 % 90000) for i in range(90000))
counts = {}
for word in words:
    counts[word[-2:]] = counts.get(word[-2:], 0) + 1
text = json.dumps([{"word": word, "n": i} for i, word in enumerate(words)])
found = [w["word"] for w in json.loads(text) if re.search("9.*1$", w["word"])]
power = 3
for _ in range(13): power = power * power + 1
print(total, len(counts), len(text), len(found), power % 1000007)
