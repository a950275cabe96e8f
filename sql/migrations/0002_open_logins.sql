-- Logins that were claimed and whose register nobody has closed: a handful, looked for all the time.
create index register_open_login on register (key) where key like 'login/%' and accepted is not null and not chosen;
