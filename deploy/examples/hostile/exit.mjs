// Exits with the code that is its argument, or dies of the signal that is.
const [how = '0'] = process.argv.slice(2);
console.log(`ending with ${how}`);
if (how.startsWith('SIG')) {
  process.kill(process.pid, how);
  // A signal may take a moment to arrive.
  setInterval(() => undefined, 1_000);
} else {
  process.exitCode = Number(how);
}
