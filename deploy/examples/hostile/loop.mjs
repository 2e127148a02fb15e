// Never ends by itself, keeps a processor busy, and cannot hear a signal meanwhile.
process.on('SIGTERM', () => undefined);
console.log('looping');
for (;;);
