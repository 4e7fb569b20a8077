-- SQLite: a table in memory, an index, joins, groups, text.
create table item(id integer primary key, name text, kind integer, price real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into item select i, 'item ' || (i * 7919 % 60000), i % 97, (i * 31 % 1000) / 7.0 from n;
create index by_kind on item(kind, price);
create index by_name on item(name);
select kind, count(*), round(sum(price), 2), max(name) from item group by kind order by 3 desc limit 3;
select count(*) from item a join item b on b.name = 'item ' || a.id where a.kind > +b.kind;
select sum(length(replace(upper(name), 'ITEM', 'x'))) from item where name like '%9%';
update item set price = price * 1.1 where kind in (select kind from item where price > 140 group by kind);
delete from item where id % 3 = 0;
select count(*), round(avg(price), 3) from item;
select name, rank() over (partition by kind order by price, id) r from item order by r desc, name limit 3;
