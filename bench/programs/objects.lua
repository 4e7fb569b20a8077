-- Lua: tables, strings, closures, objects, sorting.
local Account = {}
Account.__index = Account
function Account.new(name) return setmetatable({ name = name, balance = 0 }, Account) end
function Account:deposit(n) self.balance = self.balance + n; return self end
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local words, accounts = {}, {}
for i = 1, 120000 do words[i] = ("w%06d"):format(i * 7919 % 120000) end
table.sort(words)
for i, word in ipairs(words) do
  local account = accounts[i % 300] or Account.new(word)
  accounts[i % 300] = account:deposit(#word * i % 17)
end
local count = 0
for _, word in ipairs(words) do
  if word:find("9.*1") then count = count + 1 end
  local made = word:gsub("%d", function(d) return d + 1 end):upper()
  if made:sub(-1) == "0" then count = count + 1 end
end
local total = 0
for _, account in pairs(accounts) do total = total + account.balance end
print(fib(30), count, total)
