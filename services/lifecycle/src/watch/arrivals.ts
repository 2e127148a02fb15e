/** Takes from a generator ahead of its reader, one at a time, and says when something has come. */
export interface Arrivals<Value> {
  /** What has come. Undefined if nothing has. Throws what the generator threw. */
  take(): Value | undefined;
}

/** Starts to take. `onArrival` is called each time that there is something to take. */
export function createArrivals<Value>(
  values: AsyncIterator<Value>,
  onArrival: () => void,
): Arrivals<Value> {
  let arrived: { readonly value: Value | undefined } | undefined;
  let failure: { readonly thrown: unknown } | undefined;

  function ask(): void {
    values.next().then(
      ({ done, value }) => {
        if (done) return;
        arrived = { value };
        onArrival();
      },
      (thrown: unknown) => {
        failure = { thrown };
        onArrival();
      },
    );
  }

  ask();
  return {
    take() {
      if (failure) throw failure.thrown;
      if (!arrived) return undefined;
      const { value } = arrived;
      arrived = undefined;
      ask();
      return value;
    },
  };
}
