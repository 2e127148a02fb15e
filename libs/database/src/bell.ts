/** Tells whoever listens that something has happened, never what. */
export interface Bell {
  ring(): void;
  /** Calls back at every ring, until the returned function is called. */
  listen(callback: () => void): () => void;
}

/** Makes a bell. Its listeners must be quick and must not throw. */
export function createBell(): Bell {
  const listeners = new Set<() => void>();
  return {
    ring() {
      for (const callback of [...listeners]) callback();
    },
    listen(callback) {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
  };
}
