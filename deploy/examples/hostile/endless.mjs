// Does nothing but run: ends as TIMED_OUT.
console.log('running');
for (;;);
