declare module '@20minutes/s3rver' {
  interface Context {
    readonly method: string;
    readonly query: Readonly<Record<string, string | undefined>>;
    readonly params: Readonly<Record<string, string>>;
    status: number;
  }

  /** What we use of the S3 server for tests. */
  class S3rver {
    readonly store: {
      getObject(
        bucket: string,
        key: string,
        options: { readonly start?: number },
      ): Promise<{ readonly size: number; content?: import('node:stream').Readable } | null>;
      putContent(path: string, content: unknown): Promise<[number, string]>;
      getResourcePath(bucket: string, key: string | undefined, resource: string): string;
    };
    /** What handles a request, outermost first. */
    readonly middleware: ((context: Context, next: () => Promise<void>) => Promise<void>)[];
    constructor(options: {
      readonly address: string;
      readonly port: number;
      readonly silent: boolean;
      readonly directory: string;
      readonly vhostBuckets: boolean;
      readonly configureBuckets: readonly { readonly name: string }[];
    });
    run(): Promise<import('node:net').AddressInfo>;
  }
  export = S3rver;
}
