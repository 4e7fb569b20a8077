-- Lua: floating point; five bodies of random masses pull at each other.
local bodies, seed = {}, 42
local function random() seed = seed * 16807 % 2147483647; return seed / 2147483647 end
for i = 1, 5 do bodies[i] = { random(), random(), random(), 0, 0, 0, random() } end
for _ = 1, 220000 do
  for i = 1, 5 do
    local a = bodies[i]
    for j = i + 1, 5 do
      local b = bodies[j]
      local dx, dy, dz = a[1] - b[1], a[2] - b[2], a[3] - b[3]
      local square = dx * dx + dy * dy + dz * dz + 0.01
      local force = 0.0001 / (square * math.sqrt(square))
      a[4], a[5], a[6] = a[4] - dx * b[7] * force, a[5] - dy * b[7] * force, a[6] - dz * b[7] * force
      b[4], b[5], b[6] = b[4] + dx * a[7] * force, b[5] + dy * a[7] * force, b[6] + dz * a[7] * force
    end
  end
  for i = 1, 5 do
    local a = bodies[i]
    a[1], a[2], a[3] = a[1] + 0.001 * a[4], a[2] + 0.001 * a[5], a[3] + 0.001 * a[6]
  end
end
print(("%.12f %.12f"):format(bodies[1][1], bodies[5][3]))
