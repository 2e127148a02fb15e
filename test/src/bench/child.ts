import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A question to a process of the benchmark. */
interface Question {
  readonly id: number;
  readonly body: unknown;
}

/** What a process of the benchmark says. */
interface Answer {
  readonly id: number;
  readonly body?: unknown;
  readonly error?: string;
}

/** A process of its own, which answers questions. */
export interface Child<Asked, Told> extends AsyncDisposable {
  ask(question: Asked): Promise<Told>;
}

/** Starts a program of this folder. It ends with its parent. */
export function startChild<Asked, Told>(
  file: string,
  ...args: readonly string[]
): Child<Asked, Told> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child: ChildProcess = fork(program, [...args], { serialization: 'advanced' });
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const [id, tell] of waiting) tell({ id, error: `${file} has ended` });
      resolve();
    });
  });
  return {
    ask: (body) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, ({ body: told, error }) => {
          if (error === undefined) resolve(told as Told);
          else reject(new Error(error));
        });
        child.send({ id: last, body } satisfies Question);
      }),
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** Answers the questions of the parent, until it is gone. */
export function answerParent<Asked, Told>(answer: (question: Asked) => Promise<Told>): void {
  process.on('message', ({ id, body }: Question) => {
    answer(body as Asked).then(
      (told) => process.send?.({ id, body: told } satisfies Answer),
      (thrown: unknown) => {
        const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
        process.send?.({ id, error } satisfies Answer);
      },
    );
  });
  process.once('disconnect', () => process.exit(0));
}
