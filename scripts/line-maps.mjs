// Source maps with one place for each line and for each change of it: a third of the size, and all that a stack trace shows.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The numbers of one segment, in base 64 VLQ (ECMA-426). */
function decode(segment) {
  const values = [];
  let value = 0;
  let shift = 0;
  for (const char of segment) {
    const digit = DIGITS.indexOf(char);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    values.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = shift = 0;
  }
  return values;
}

function encode(values) {
  let text = "";
  for (const number of values) {
    let value = number < 0 ? (-number << 1) | 1 : number << 1;
    do {
      const digit = value & 31;
      value >>>= 5;
      text += DIGITS[value > 0 ? digit | 32 : digit];
    } while (value > 0);
  }
  return text;
}

/** Mappings without the segments that stay on the source's line of the one before. */
export function lineMappings(mappings) {
  let [source, line, column] = [0, 0, 0];
  let kept = [0, 0, 0];
  return mappings
    .split(";")
    .map((segments) => {
      let generated = 0;
      let keptGenerated = 0;
      let isFirst = true;
      const result = [];
      for (const segment of segments === "" ? [] : segments.split(",")) {
        const [move, ...place] = decode(segment);
        generated += move;
        if (place.length < 3) continue;
        [source, line, column] = [source + place[0], line + place[1], column + place[2]];
        if (!isFirst && source === kept[0] && line === kept[1]) continue;
        isFirst = false;
        result.push(encode([generated - keptGenerated, source - kept[0], line - kept[1], column - kept[2]]));
        keptGenerated = generated;
        kept = [source, line, column];
      }
      return result.join(",");
    })
    .join(";");
}
