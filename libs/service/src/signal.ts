/**
 * Waits until the process is asked to stop.
 *
 * A second request ends the process at once, for whoever does not want to wait for the drain.
 */
export async function untilSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = withResolvers<NodeJS.Signals>();
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(1);
    asked = true;
    resolve(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return promise;
}

function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
