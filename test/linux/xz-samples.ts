/**
 * What xz has packed, of data that a few lines make again: the options matter to a decoder. Made with liblzma 5.4.
 */

/** The classic generator of C's standard, for data that is the same everywhere. */
function* numbers(): Generator<number> {
  for (let x = 12345n; ;) {
    x = (x * 1103515245n + 12345n) & 0x7fff_ffffn;
    yield Number(x);
  }
}

/** Bytes that do not pack. */
export function random(length: number): Uint8Array {
  const source = numbers();
  return Uint8Array.from({ length }, () => ((source.next().value as number) >> 16) & 255);
}

const WORDS = ["hart", "satp", "mret", "sfence.vma", "  ", "\n", "0123456789abcdef"];

/** Words, bytes and repetitions. */
export function text(length: number): Uint8Array {
  const out: number[] = [];
  for (const x of numbers()) {
    if (out.length >= length) break;
    const kind = (x >> 8) % 11;
    if (kind < 7) out.push(...Buffer.from(WORDS[kind]!));
    else if (kind < 9) out.push((x >> 16) & 255);
    else {
      const distance = 1 + ((x >> 12) % (out.length || 1));
      for (let left = 3 + ((x >> 4) % 40); left > 0; left--) out.push(out[out.length - distance] ?? 7);
    }
  }
  return Uint8Array.from(out.slice(0, length));
}

/** The same again and again. */
export function repeated(bytes: Uint8Array, times: number): Uint8Array {
  return new Uint8Array(Buffer.concat(new Array<Uint8Array>(times).fill(bytes)));
}

/** What is special about a file, what it unpacks to, and the file. */
export const XZ_SAMPLES: readonly (readonly [name: string, unpacked: () => Uint8Array, base64: string])[] = [
  [
    "preset 6, CRC64",
    () => text(6000),
    "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4BdvBCJdAAPriAYjSSNo+iCRkfBWYSVCTJdvndrLH5aJWwBzYDQgjUZDYEojFkcZKKHQS6z3kyeI3Qzwd4/ZIYsdyFY422g74GchX+evKWBsJRtimYZWgrBsXfnX1uoekHq2c8dwft+ca/L62QlpiQNPD2K+YjKprXsy/OPQC/U/LH9CQmO+BxJXjj6Q/7cP3yyuI7R4JUTa5QFoebUFPQcuJqROryEInD++1OT96fvm6JbvgMETWNwCnO79VmBCSOYCztJ749JxNUCCbR+PU2GOUtMXqQ2FZ9KV53RMjjLnDchsEgVhMqxT6ArC9gLVh3dvv39neL/gIbsTjhzCY6l+x55s/6RD7Ul7Ca9luLuGzsilSmcHvu+/zo+C5eWXsjyd3zjFSGnOb7h/7qAOAQctjTgJS/Qbw6iRgl3bzydCxtE2vILMiL5V25CGP0Os5bTugrF/YXj+MlasXcb5p9vGb/mOaJYpSoJosGvKgg1UBJCz9gB9jRqlTQn0HDk8uldYTkYoVeDBt4+hmd8zQq1QGWOMijhEgeDHlH3IuCWKTJ9Ht1rfIo0TK5R60IzdZE8oZeAJx7BNVfvHbfwxluKjpOdZbHPPytB1Cyaqw+nC+ohXBj9S047+uEDybFpKTz45EWfj2T03nxyGqspylg7JP5tSV5QWvpiebuKEFTY9QZGwhsqem2Uk/pmHcr6w79wcds1FnJ9EJd5kBcLpj1mzv/6WiHw3PL5gjbbFuaY20+fvRj33KCc3JwAjaSjuJVsLMVCIQx+fCRnItfdrwdGo/omDuzk88xtP3GMX4zmCk1jlmgY9y75zTJ/Fb6owC78eu4WTIFYVK1iCj7otV44QOoIXv7QI3K+L8bEvEGp5GxrUmnfXNNNd650PUZi16k5+dhxp9/8IXfU/F0i9LgqDT21a7AninFZXkQ7ymSu76Ned4CYvj/t6wSOX3dUd7D2Rk/9YT4l1lrQTvdEz+Q2FqjwCFWsqeNysq1+IPLnnPBcZUGLwnIW6uo0n3zPJELfml6HVijgFsCQLZjgF9z/42hwuYh1YR31ab+pFAA4p0wWmIyuqEFeYwgTKM0BW1Rz2/p/6lmNnh7kROfGtbtpHZ4VGa7nYq+UgZV1JDREbbifImRSyZ119qrjsI7uNvJQfJB81JoPc2NDFk73lXQWcPfdJ8NQvIx6EESWpXWTCUFNMfrQ0I/GbBdofbhjFEZqc15ddQkTp6v6YmyyT141QgOrt60YWKRm+MTdqZIyVt8xPcRiSTI61KVGOO9+40Hd6O+Z7ZwVxLTfY/7i7is89OeQQeCxIc4USgQvFXC67cXwMG7J5lx/7uL8SkDKSSfYSySZCdREOj+j+8ePq5CYFtBQEhE74stz96Gl35gu7TDAJB26AFc0gDPjVOKy9mW8n9X4fChYAAAAAYiB90CYS4z4AAb4I8C4AAFSQUGexxGf7AgAAAAAEWVo=",
  ],
  [
    "lc 0, lp 2, pb 0, no check",
    () => text(6000),
    "/Td6WFoAAAD/EtlBAgAhAQAAAAA3J5fW4BdvBC8SAAPsK6XyQP+HsEWbW2Mhv9mURVVIypFTmK6zq1GFNWHrqRJrNWfmfDZV7rx7eEHOEhSzcjOUtLFYdMlu32BFziUIgQ4t7YGgvZgaEg7QGRLVOTUjFVOEkstUGGXqGwk362LRLem1mc0UXZpKfcmic8MhwPSR3pYVgG88Vk6llUcDZrQdft2JzKfxS35axTBl0dbYpui9G8u3mJ62CUK9FTYsYShSEIFW1r0xWCrFc45DUKPrEcaW4dZtxs+wawLThbkeSoP2gf0ee8seglX/b5UsCtk06LSXe8k9rYS2B7efMcXT+3D+/KCf9023u+oeh2WTqjm3M2raz9Ol49Y62Bi2pXVHHlrArXzNejv4uAjujSn10duWuQ0GnPERSvLCScpBeE3zL7CBJh3O2cSxrfvYWX7JiyZlE7Gqe0v0fUqhH7ZUuW0Ky6doKL0h8UE1TMC/i45liJR73hset1kKko//fgiKRdnivRd5EiHRbTVJFUMoCs0OHs9S2NH+nSTfR+W0DEnRQVEINaHFpmNpCnJLJmV/KNtq0PZYnb+GBGJH5r2H+KB9aBd/+Eo7MAmyc7DVbE0bWTsSkQnS7sO3N7oC3NbqIWb6jrEUPs+pJfQKHUC2InTQZG/5HFM0UJdT+l34K+N7J1ckJ6+/0hF37k2oITdVHIxwMIQmXTeHRDyfny1cAaSA4nFnkpI0RNS8kauK1wrTNXCnZF61x4jlsC30fDaoKQmRny3mgNr5RUzNBhx6eU0XpPGPGdlTwufhKyZymwGNqQoA5av58TfIvS2RT7ldCBTY6OIIbkFiScI+2Px0kclrS/A08tPCwh5IsIdMUHKHKNq1PiT2eWKnUwjEwjRi9incOGfmBDXv0rMND5K2zSHDM4tm9hBspLPGLK/r3DK1jTGGvWuqDVsP13EI1fMJVXvBuWk1Q2Ep7I0CSrVNA9T3zgOb7JY8PNbUu0a13e4AoUTMwRknGdYxT6b875N9dzybyTgS6d/mxnAg0Dk+ydxFXM8mc3KSz0a84IGeehpf5HYx5jYvi4GnIZcFc9Av5kVvz/fpeh4BeSZOPjls+NquGZLRZbq/H/+k0YPm71bDkA4km4SQvp0eNfxycs1sOpD4Jsjklv9reDqJhnHOT1xFteALB8fAN1ks1nZrpGF98QHPI4yCWRBar5WckGZJlSdlKgnDvkb3XdbPHqFo/gXI9dkioXkwtgkZXiXT1eaADhcHK1NQ5uy5YfglhRttegzZq1jPXuWsvuaRS2lYNBZEdm0DpEuHVyZLzf46WNwe2fInu/y2knvJlzt3D7Eo0BH4QlnnpHtlxwDcoezHJYjvG+bEkqmP4uDzSGSuKAvfDyAwm8HRh1X73eUTXiLSoNyMOUJUdT2OmNkaaJjFB/VjO43RnfrKWrkak3l1QyUY0179vDS2MouHQAAAAAHDCPAuAABLjuzQqAAK/AIAAAAAAFla",
  ],
  [
    "lc 4, pb 4, SHA-256",
    () => text(6000),
    "/Td6WFoAAArh+wyhAgAhAQAAAAA3J5fW4BdvBMW4AAPriAYjSTPOzHQYIX9fKi9NkcKFu2o87zxN87jwwerYcdgqy42DRE1YlbgOknel33OFezzc8bkj7y2GwnAhoR1Ym4cX2oougjivvnAHodVd54I0/ShQvOx3SZhSfik2BKGHuSZE/o8RTvGsHillHIVsgjT/2wVoPdccl8+3LB2q2oULKjQuGWryyeer5MvgQ7wqvJlAtFCaVUXlWyBEF2kXB2jAwuDZo42eN7N5GE+vcdZvgwwIKmGkfeBdbwk7KhST9IZROZgRBrWhHrrFewtJfYR2+rN2K1xIj6kZ9DBx9SqnFyBBZjiLbuT/6RczJ1sIgj4Z2PRzeT1w0SoEhc9ahY+xPFmEaI/WMJXV/ToAI+WsOgxwzbXu9fKNMzFupLfaFyFVx/bARwGQVEl2UD4uv5rWarTta8TiuoY4QQfBo0jYS+NpCzmPW1edd0jKQyhA4Xu5V9RK/Hrmu2DAT5aTP4YSlGEYZe9oBJAEBkFDIxNfPGko1xfz4OqQqmv7ETNb3/lGrBY+SMT7lx+WcGwe9OPj/uZfARH0YwWGU+l262qzOske8wK1ek2aYw9qDpmSQPFNnCEy6yAOd00S6LplqVn/31PgYnOkTc2LAiJ7LiXfrRC7taHTI+dhxX7FCgdWIS9UgpvFmFYX2kXsj0vOFmJrabCXJhZvI9i4k+PQ78/1U0PUjYpdml8gLEQrqH/kRYF5P0woMMhrIFS4TisIuVnA7bLh0s2wUdOMZ1kTZw55LKwyBfY2s6DJbdDuid0E9Mg7F/n2MXDYvwlDf/+CE0ZNwkOYcV2p3G4NCXLxMkvH4EeYZzaQGzazErA+qxfkiu3CaKEge5++TMhU1OxOQ26RtUwPoz/HpxM0dOsgqDd9TvisYz1jVZMOSBdCc8JM6guj0xfEWMhgEgrWmomjkUBvChKvdQchgK9yLc3wHfUCwMuukrkY5Q9di08JwtbuuDR1P0xyYAAbEiqv2iZMDaJGxy9AFlA8SkSiVfVm5wxuFOy1x08NY+z4ZW7vzY5KFgjbhyP0qUFaRRjugfMr/95PWNAOBD06IkfrNVoAthKAY7YleH/MbLSjw0FgRqkAR61QHekOPKxdk0UaCzOer51asH+NBQ7hYrknVhPqPhDSQir/CbCsB7vTSVbZr1UPk0/Ny9x9I595e3jahK0IODKyuETrriHvFXL/l111zzzGF3uaHHRKCpRO2ss0fMWDe4GLzb0zMf2TycyGzQzTIcDUHx3UPcTJX2X5C7Ukn7cxPYUld1ehtQeVGrIXzZ8eID+PWCriifANWEADiomk4wJ9vkAHeohHUUhCOeubakISLJSV/qMsNfaW+02dPg/bpYwNP19zyRjpJblueEMHnjScfnXJG0El1EW5bokEneyenmg0bSMda6+1Vpnz+9O0ejT9MB1sOtXlCzZitRJY8mcdk2vfeRT33iCr+LRSGboVZVPQdVM+JZnRTVBY5dMYW5x3c/GF2BYOPcBmBewrjUzAsqe7UjJVPMWi7T3UJ3/CH2aBgS2uGYsRuYPO9dstf1HQkL8EY8eo75UkfgWm2782CTCb3eE3nv0j1huBW91BZJADSd5xPCXLKmwG1iBvizDVwEN2l3iVObX+HdsV2ts5GQAAAADJq0Kjua23EfW+zTc/mXhtvqrYN9e5uSiDJENouuJQwAAB+QnwLgAAMINtSLbp3xwCAAAAAApZWg==",
  ],
  [
    "a dictionary that is passed many times",
    () => repeated(text(3000), 1800),
    "/Td6WFoAAAFpIt42AgAhAQAAAAA3J5fW//8NA7ddAAPriAYjSSNo+iCRkfBWYSVCTJdvndrLH5aJWwBzYDQgjUZDYEojFkcZKKHQS6z3kyeI3Qzwd4/ZIYsdyFY422g74GchX+evKWBsJRtimYZWgrBsXfnX1uoekHq2c8dwft+ca/L62QlpiQNPD2K+YjKprXsy/OPQC/U/LH9CQmO+BxJXjj6Q/7cP3yyuI7R4JUTa5QFoebUFPQcuJqROryEInD++1OT96fvm6JbvgMETWNwCnO79VmBCSOYCztJ749JxNUCCbR+PU2GOUtMXqQ2FZ9KV53RMjjLnDchsEgVhMqxT6ArC9gLVh3dvv39neL/gIbsTjhzCY6l+x55s/6RD7Ul7Ca9luLuGzsilSmcHvu+/zo+C5eWXsjyd3zjFSGnOb7h/7qAOAQctjTgJS/Qbw6iRgl3bzydCxtE2vILMiL5V25CGP0Os5bTugrF/YXj+MlasXcb5p9vGb/mOaJYpSoJosGvKgg1UBJCz9gB9jRqlTQn0HDk8uldYTkYoVeDBt4+hmd8zQq1QGWOMijhEgeDHlH3IuCWKTJ9Ht1rfIo0TK5R60IzdZE8oZeAJx7BNVfvHbfwxluKjpOdZbHPPytB1Cyaqw+nC+ohXBj9S047+uEDybFpKTz45EWfj2T03nxyGqspylg7JP5tSV5QWvpiebuKEFTY9QZGwhsqem2Uk/pmHcr6w79wcds1FnJ9EJd5kBcLpj1mzv/6WiHw3PL5gjbbFuaY20+fvRj33KCc3JwAjaSjuJVsLMVCIQx+fCRnItfdaIMgNcnC6vvG6rVap4l+O+06V0kwCYuJWTU+gJuJwWd0uSENZSV3AALIryMpAJJmwQvwnoR0xavRYfi/FUJk4NXbnBjXrQxNDIFflgtIzWxU/jkxfi7xbe7+Usae+OY8k4XCepyNf7CjLhdGVmIp+KpHyJ3X3GcAGmE2Y/div1ZAPxCVT+PWRNjEFpbDub8FwTUcM0ZERqq1gHbrOsScYXFmG6WZSWL7pdqxZ5OVbBQj5x9qt/PtSK3TNHlsgQvndUz34KWQJO4DLKmzftTvwxL0uX6oPPktmQpATDv8Qk/hxeFn4C83/lShGD6n8fN77mjAuVsCPhfODgcBlxCVT+PWRNjEFpbDub8FwTUcM0ZERqq1gHbrOsScYXFmG6WZSWL7pdqxZ5OVbBQj5x9qt/PtSK3TNHlsgQvndUz34KWQJO4DLKmzftTvwxL0uX6oPPktmQpATDv8Qk/hxeFn4C83/lShGD6n8fN77lBh8E5//EAErAOxzU6f9vq58MRqft40xbnCepyNf7CjLhdGVmIp+KpHyJ3X3GcAGmE2Y/div1ZAPxCVT+PWRNjEFpbDub8FwTUcM0ZERqq1gHbrOsScYXFmG6WZSWL7pdqxZ5OVbBQj5x9qt/PtSK3TNHlsgQvndUz34KWQJO4DLKmzftTvwxL0uX6oPPktmQpATDv8Qk/hxeFn4C83/lShGD6n8fN77mjAuVsCPhfODgcBlxCVT+PWRNjEFpbDub8FwTUcM0ZERqq1gHbrOsScYXFmG6WZSWL7pdqxZ5OVbBQj5x9qt/PtSK3TNHlsgQvndUz34KWQJO4DLKmzftTvwxL0uX6oPPktmQpATDv8Qk/hxeFn4C83/lShGD6n8fN77mjAuVsCPhfODgcBlxCVRDz+ykmegAK8A7HNTp/2+rnwxGp+3jTFucJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1IrdM0eWyBC+d1TPfgpZAk7gMsqbN+1O/DEvS5fqg8+S2ZCkBMO/xCT+HF4WfgLzf+VKEYPqfx83vuaMC5WwI+F84OBwGVeH2qWgAAAAACyHN24AAG1C8DLyQKG/QPhPjANiwIAAAAAAVla",
  ],
  [
    "chunks that are not compressed",
    () => random(600),
    "/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQJX3ARlqh+tHVra5awbHl8TcHls/RD/Ga9gHQSstB0CK0Z4czry31+utwhZ0e45EMtIlbXMiSkR/wa2Yi7fPPk1/UuUKMoJfESzAl6WX7PqbazULYFuaa/g5odMnATn0jZdLGDJ6vR59oag65Mm5GIS1Q3Ls3cVamo6aLqO23QIRp7zzrMK+NDdaLv4X/ok8tL8GIf7XIe6tDgypZsbPRB893jWf+Jt+BGRKX6TlcsSxVfOWvHUFhjXGbwEW36ZZfGilHHEKqxqqTjEdcetMjgCHwU7LJka/OsV3s9ouuB8vNYelxuaC52+l2PTkvyv36KMlyNFYuvdB2Vw/1iJas/3yu4/HOnkCmjl3pONOJx9vddbCdTn4jNEP0qMxKGQ1ri43GFf0Y4ovlkOqlAbUIpqNinmcN9Vd7rcRG1Du6kIF9bA9nsIYXDZLckSclskfsLi2rGyBJ4ggHQ3mm+QDN0uXnL1CUi2WNGX6cOMsW7T3RJEYjIMFKevP/oM3tYTzhOGy1egR+RbvtFFtDbViP7SAEHyh7EPg190ZbooRhZS34iiE9m/Qu+3EbXeB3/JebrjqFhKqegtqE1QneaYa+Kpms8hTGYqjNWQETeYZ4m7rfNRjROt9RyhAZSssIRs9Yr1KnqR9fOrL4YyuoFFID3DZxSIenWQyGPHB+AewnADmtGLFj8k9sPeK+9dWtHmdhN5ykIWuRCqBdmDMMcKz4XwZsvs76yJTPq3Hxi6wzTftmBKsoAyzTmhbt+URBTh86bswfQ5QwbAm2Kd4zrTYe/DU2vQT5Yf7k29ANrZDX4AAewE2AQAAE6QurM+MA2LAgAAAAABWVo=",
  ],
  [
    "several blocks, with sizes",
    () => text(6000),
    "/Td6WFoAAATm1rRGA8DzA8QTIQEWAAAATgssQ+AJwwHrXQAD64gGI0kjaPogkZHwVmElQkyXb53ayx+WiVsAc2A0II1GQ2BKIxZHGSih0Eus95MniN0M8HeP2SGLHchWONtoO+BnIV/nrylgbCUbYpmGVoKwbF3519bqHpB6tnPHcH7fnGvy+tkJaYkDTw9ivmIyqa17Mvzj0Av1Pyx/QkJjvgcSV44+kP+3D98sriO0eCVE2uUBaHm1BT0HLiakTq8hCJw/vtTk/en75uiW74DBE1jcApzu/VZgQkjmAs7Se+PScTVAgm0fj1NhjlLTF6kNhWfSled0TI4y5w3IbBIFYTKsU+gKwvYC1Yd3b79/Z3i/4CG7E44cwmOpfseebP+kQ+1JewmvZbi7hs7IpUpnB77vv86PguXll7I8nd84xUhpzm+4f+6gDgEHLY04CUv0G8OokYJd288nQsbRNryCzIi+VduQhj9DrOW07oKxf2F4/jJWrF3G+afbxm/5jmiWKUqCaLBryoINVASQs/YAfY0apU0J9Bw5PLpXWE5GKFXgwbePoZnfM0KtUBljjIo4RIHgx5R9yLglikyfR7da3yKNEyuUetCM3WRPKGXgCcewTVX7x238MZbio6TnWWxzz8rQdQsmqsPpwvqIVwY/UtOO/rhA8mxaSk8+ORFn49k9N58chpdFxbimAAAAyBY+RsWGH0EDwIQFxBMhARYAAAAl7KMk4AnDAnxdADGZQcXx4v26y+FfnBQNMThGSc8WK0OVnsAGK5qGp45Z/WKCC8ATW7MJJPYUgkpWFPHEi2v63zMCLkpClJcEbuaLOYASfwTi8vqlgVm1k2mOzG0IsDOP4PTvmvh6Ph6BQhzEvK64CqMBHZ1VMcYc9XnNi8EQzRaAlsliXubxkS7JKfZ0EtYibEGsrckkwy9UFrhv0SDg0gzWjyu8v3lIe94mGgX9J3tmQWJ6bMyvSrnIQlTtBPld/o4WG88197NVE+gFyYGfbsqiWO80HcgNxUVZghhBLBeRVNgut+Kc5+Zj9uUycylF6IS0AgH3S9uLgHIT+EYGIA2/PppESdpUrtEu1Yi23kSP/JSElmXMixF7lErg4g4YvKdVzZCVY1DVPgY+HicLoASaoxUeqjNI1laC/C+kBPi+oEFQsbPYlAm88o+3UwuiuXtRD06++6TG8JhLS80lQSdmk1rOIPKIL4aa8YAxMa1wWWibnNUUC9uLw9urj2CjwguY4BgyQFNdrWOQBY8AxLbUPYAnUrNb1Z4CcPBliK1jSRihIL+ItbmXvb1PXMZymq1y9MzQK7tDHpSNF2EBZEVBrIwVOHmPMUjvxNujKDNIE9ZnLA1HLtkNwq6+Om/iYxtaK1Gkm9LjF7B6fWGLJDRjL6N/7irYnYeM++Wk1fJUwuyBzzhX9bCqGMaTJGKm1o5cf5B3bWfMK63RGeEvnHjJg6IyPCrh23cZQ8YvWFnC09nshMu7pKRM3lZhNEY/iLIMXtufpoJiK8bhbKX5FvZka+x2/b8/zIbhrXjaweLW8ifIEtYeySfZq1sCiyO9J2fkAmwF9mIq9YtkGnUOUVheaJe28gDKgLdYHVpzWAPAtQLoByEBFgAAAC6nu/rgA+cBLV0AMxlKINxil4k51emgFm4y4GL1Pmu3w5NicLj55572HXBcbJ6CNQJ61Pwv5cjumBBWjZdlRBiwkrnueyJUTX/r1MSCb/RxrxVJASX6IeUq+rumoiaJZKof1uD9gEQcDc/68us+yjSakbEZazmbeIsgzUj05fs477DaKZ+j9ZuDTCbFTh+hV4UYxLd2WHbt1LqQYY+yKV1YnuirT23cSijI+5QvEy7KGy6EgkcIyXJQtPv18QP7raf4/tVwmD3L35FxDg5lgTJuE0JlySOeAT4JbIp173qVR8QZFAgVB0TmZGYRXUURq+4ExKytQYH+UEGBk5uetDn3DU3G0ED/fiowiJ/Ujr2nwouunjka8iVw5wFTbvtw4I3kB8TCq0kOGatWW1smPZ2LeBy6VxIcWgAAAAC+WOnYj6vXfQADiwTEE5wFxBPNAugHAAD+HWptrCc+LQQAAAAABFla",
  ],
  ["two bytes", () => text(2), "/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQABBwcAAACbEfyQAAEWAtBhENKQQpkNAQAAAAABWVo="],
  ["nothing", () => text(0), "/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo="],
];
