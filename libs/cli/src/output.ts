import type { JsonValue } from '@bufbuild/protobuf';
import { type Field, layFields } from './print/fields.js';
import type { Shape, ToJson } from './print/json.js';
import { type Paint, paintFor } from './print/paint.js';
import { type Column, layTable } from './print/table.js';
import type { World } from './world.js';

/** How a thing is shown: as JSON by its shape, to people by its fields. */
export interface View<Item> {
  readonly shape: Shape<Item>;
  readonly fields: (item: Item) => readonly Field[];
  readonly columns: readonly Column<Item>[];
}

/** Prints the results of a command, for people or for programs. */
export class Output {
  readonly json: boolean;
  readonly paint: Paint;
  readonly #world: World;
  readonly #toJson: ToJson;

  constructor(world: World, json: boolean, toJson: ToJson) {
    const { columns } = world.terminal;
    this.json = json;
    this.#world = world;
    this.#toJson = toJson;
    this.paint = paintFor(columns !== undefined && !json && !world.env.NO_COLOR);
  }

  /** Prints one thing. */
  item<Item>({ shape, fields }: View<Item>, item: Item): void {
    if (this.json) this.#document(this.#toJson(shape, item));
    else this.#world.terminal.print(layFields(fields(item)));
  }

  /** Prints things: a table, or one JSON array. */
  list<Item>({ shape, columns }: View<Item>, items: readonly Item[]): void {
    if (this.json) {
      this.#document(items.map((item) => this.#toJson(shape, item)));
      return;
    }
    if (items.length === 0) this.note('none');
    else this.#world.terminal.print(layTable(columns, items, this.#world.terminal.columns));
  }

  /** Prints one message of a stream: a line of JSON, or the text for people. */
  next<Item>(shape: Shape<Item>, item: Item, text: string): void {
    const line = this.json ? JSON.stringify(this.#toJson(shape, item)) : text;
    if (line !== '') this.#world.terminal.print(`${line}\n`);
  }

  /** Prints something that is no message of the contracts. */
  value(json: JsonValue, text: string): void {
    if (this.json) this.#document(json);
    else this.#world.terminal.print(`${text}\n`);
  }

  /** The JSON of a message, to be put into a larger one. */
  jsonOf<Item>(shape: Shape<Item>, item: Item): JsonValue {
    return this.#toJson(shape, item);
  }

  /** Prints bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#world.terminal.print(bytes);
  }

  /** Tells people something that is not the result, on standard error. */
  note(text: string): void {
    if (!this.json) this.#world.terminal.printError(`${text}\n`);
  }

  #document(json: JsonValue): void {
    this.#world.terminal.print(`${JSON.stringify(json, undefined, 2)}\n`);
  }
}
