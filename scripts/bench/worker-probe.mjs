// Preloaded into the worker (`--expose-gc --import`), which knows nothing of it: on the message `heap` it collects, and
// answers with what is left and what the collection cost.
process.on('message', (message) => {
  if (message !== 'heap') return;
  const before = process.cpuUsage();
  globalThis.gc();
  const { user, system } = process.cpuUsage(before);
  process.send?.({ heapMb: process.memoryUsage().heapUsed / 1024 ** 2, cpuUs: user + system });
});
