/** One line that a workload printed. */
export interface LogLine {
  /** Rises by one; a gap means that lines were dropped. */
  readonly number: number;
  readonly stream: 'stdout' | 'stderr';
  readonly time: Date;
  readonly text: Buffer;
}
