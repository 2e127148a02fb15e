/**
 * The flags of Node that a process which holds secrets may be started with, as `--name`. All others
 * could let somebody look into it, have it write down what it holds, or run a program before ours:
 * there are too many of those, of Node and of V8, to name them, and each release has more.
 */
const SAFE: ReadonlySet<string> = new Set(
  [
    ...['enable-source-maps', 'disable-proto', 'frozen-intrinsics', 'no-addons'],
    ...['disallow-code-generation-from-strings', 'no-global-search-paths', 'zero-fill-buffers'],
    ...['secure-heap', 'secure-heap-min', 'enable-fips', 'force-fips', 'jitless'],
    ...['max-old-space-size', 'max-semi-space-size', 'stack-size', 'v8-pool-size'],
    ...['max-http-header-size', 'dns-result-order', 'tls-min-v1.2', 'tls-min-v1.3', 'tls-max-v1.3'],
    ...['no-network-family-autoselection', 'use-bundled-ca', 'use-openssl-ca', 'tls-cipher-list'],
    ...['no-warnings', 'no-deprecation', 'disable-warning', 'unhandled-rejections'],
  ].map((name) => `--${name}`),
);

/** What is among the arguments of Node that a process which holds secrets is not started with. */
export function unsafeFlags(argv: readonly string[]): readonly string[] {
  return argv.filter((flag) => !SAFE.has(nameOf(flag)));
}

/** The name of a flag, as Node and V8 read it: an underscore is a dash, and a value follows `=`. */
function nameOf(flag: string): string {
  const [name = ''] = flag.split('=', 1);
  return name.replaceAll('_', '-');
}

/**
 * The arguments in NODE_OPTIONS, parted as Node does: by blanks, but for those between double quotes,
 * where a backslash takes what follows it as it is.
 */
export function optionsIn(text: string): readonly string[] {
  const found = text.match(/(?:[^ "]|"(?:\\.|[^"\\])*"?)+/gs) ?? [];
  return found.map((option) =>
    option.replaceAll(/"((?:\\.|[^"\\])*)"?/gs, (_, quoted: string) =>
      quoted.replaceAll(/\\(.)/gs, '$1'),
    ),
  );
}
