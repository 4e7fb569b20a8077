// QuickJS: classes, closures, maps, strings, regular expressions, JSON.
class Shape {
  constructor(size) {
    this.size = size;
  }
  area() {
    return this.size * this.size;
  }
}
class Circle extends Shape {
  area() {
    return 3 * super.area();
  }
}
const shapes = Array.from({ length: 30000 }, (_, i) => (i % 3 ? new Shape(i % 11) : new Circle(i % 7)));
let area = 0;
for (let round = 0; round < 8; round++)
  area += shapes
    .map((s) => s.area())
    .filter((a) => a % 2)
    .reduce((a, b) => a + b, 0);
const words = Array.from({ length: 30000 }, (_, i) => `w${(i * 7919) % 30000}`).sort();
const counts = new Map();
for (const word of words) {
  const key = word.slice(-2);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
const text = JSON.stringify(words.map((word, i) => ({ word, i, odd: i % 2 === 1 })));
const back = JSON.parse(text).filter(({ word }) => /9.*1$/.test(word));
const sieve = new Uint8Array(400000);
let primes = 0;
for (let i = 2; i < sieve.length; i++)
  if (!sieve[i]) {
    primes++;
    for (let j = 2 * i; j < sieve.length; j += i) sieve[j] = 1;
  }
print(area, counts.size, text.length, back.length, primes);
