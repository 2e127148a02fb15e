// A module to be imported before all others of a process: its clock is off by CLOCK_SKEW_MS.

const offMs = Number(process.env.CLOCK_SKEW_MS ?? 0);

globalThis.Date = new Proxy(Date, {
  construct(target, values, newTarget) {
    const asked = values.length === 0 ? [target.now() + offMs] : values;
    return Reflect.construct(target, asked, newTarget === globalThis.Date ? target : newTarget);
  },
  get(target, name) {
    if (name === 'now') return () => target.now() + offMs;
    return Reflect.get(target, name);
  },
});
