import { createHmac } from 'node:crypto';
import type { SignatureRecord } from '@ramet/proto-gen/keys.v1';
import type { CompletionReport, Execution } from '@ramet/proto-gen/lifecycle.v1';
import type { Expected } from './examples.js';
import type { ExchangeBook } from './exchange.js';

/** What the story has come to, from everybody who knows. */
export interface Findings {
  readonly expected: Expected;
  readonly execution: Execution;
  readonly book: ExchangeBook;
  readonly signatures: readonly SignatureRecord[];
  readonly secret: string;
}

/** Checks what the bot, the exchange and the log of keys say against each other. Throws if not. */
export function check(findings: Findings): void {
  const { expected, execution, book, signatures, secret } = findings;
  const problems = [
    ...resultProblems(execution.report, expected),
    ...bookProblems(book, expected),
    ...(signatures.length === book.orders.length
      ? []
      : [`${signatures.length} signatures were made for ${book.orders.length} orders`]),
    ...book.orders
      .filter(({ signedQuery }) => !isSigned(signedQuery, secret))
      .map(({ clientOrderId }) => `the signature of order ${clientOrderId} is wrong`),
  ];
  if (problems.length > 0) {
    throw new Error(`the outcome is not what it has to be:\n  ${problems.join('\n  ')}`);
  }
}

/** Whether the signature at the end of a query is that of the rest, by HMAC-SHA256 (RFC 2104). */
export function isSigned(signedQuery: string, secret: string): boolean {
  const [signed = '', signature = ''] = signedQuery.split('&signature=');
  return createHmac('sha256', secret).update(signed).digest('hex') === signature;
}

function resultProblems(report: CompletionReport | undefined, expected: Expected): string[] {
  if (!report?.success) return ['the bot did not report a success'];
  const wanted: readonly (readonly [string, number])[] = [
    ['quote_balance', Number(expected.quoteBalance)],
    ['base_balance', 0],
    ['trades', expected.trades],
  ];
  return wanted.flatMap(([name, value]) => {
    const said = report.metrics.find((metric) => metric.name === name)?.value;
    return said === value ? [] : [`the bot reported ${name} ${said}, not ${value}`];
  });
}

function bookProblems({ accounts, orders }: ExchangeBook, expected: Expected): string[] {
  const problems: string[] = [];
  const [account] = accounts;
  if (account?.quote !== expected.quoteBalance) {
    problems.push(`the exchange has ${account?.quote} USDT, not ${expected.quoteBalance}`);
  }
  if (Number(account?.base) !== 0) problems.push(`the exchange has ${account?.base} ACME left`);
  if (orders.length !== expected.trades) {
    problems.push(`the exchange has ${orders.length} orders, not ${expected.trades}`);
  }
  return problems;
}
