// Takes memory until it is stopped: ends as OUT_OF_MEMORY.
const taken = [];
const more = () => {
  taken.push(Buffer.alloc(8 * 1024 * 1024, taken.length));
  setTimeout(more, 5);
};
console.log('allocating');
more();
