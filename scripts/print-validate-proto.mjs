// Prints buf/validate/validate.proto from the descriptor that @bufbuild/protovalidate carries:
// no npm package has the file itself.
import { writeFileSync } from 'node:fs';
import { getExtension, hasExtension } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import {
  file_buf_validate_validate as file,
  predefined,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** Writes the file to `path`. */
export function printValidateProto(path) {
  const { proto } = file;
  const print = new Printer();
  print.line(`syntax = "${proto.syntax || 'proto2'}";`);
  print.line(`package ${proto.package};`);
  for (const name of proto.dependency) print.line(`import "${name}";`);
  for (const [extendee, fields] of grouped(proto.extension)) {
    print.block(`extend ${short(extendee)}`, () => {
      for (const field of fields) printField(print, field, { labelled: true });
    });
  }
  for (const message of proto.messageType) printMessage(print, message);
  for (const definition of proto.enumType) printEnum(print, definition);
  writeFileSync(path, print.text());
}

class Printer {
  #lines = [];
  #depth = 0;

  line(text) {
    this.#lines.push('  '.repeat(this.#depth) + text);
  }

  block(head, body) {
    this.line(`${head} {`);
    this.#depth += 1;
    body();
    this.#depth -= 1;
    this.line('}');
  }

  text() {
    return `${this.#lines.join('\n')}\n`;
  }
}

function printMessage(print, message) {
  print.block(`message ${message.name}`, () => {
    message.oneofDecl.forEach((oneof, index) => {
      printOneof(
        print,
        oneof,
        message.field.filter((field) => oneofOf(field) === index),
      );
    });
    for (const field of message.field.filter((field) => oneofOf(field) === undefined)) {
      printField(print, field, { labelled: true, nested: message.nestedType });
    }
    for (const { start, end } of message.extensionRange) {
      print.line(`extensions ${start} to ${end >= MAX_FIELD ? 'max' : end - 1};`);
    }
    printReserved(print, message, 1);
    for (const nested of message.nestedType.filter(({ options }) => !options?.mapEntry)) {
      printMessage(print, nested);
    }
    for (const definition of message.enumType) printEnum(print, definition);
  });
}

function printOneof(print, { name }, fields) {
  print.block(`oneof ${name}`, () => {
    for (const field of fields) printField(print, field, { labelled: false });
  });
}

function printEnum(print, definition) {
  print.block(`enum ${definition.name}`, () => {
    if (definition.options?.allowAlias) print.line('option allow_alias = true;');
    for (const { name, number } of definition.value) print.line(`${name} = ${number};`);
    printReserved(print, definition, 0);
  });
}

function printField(print, field, { labelled, nested = [] }) {
  const entry = nested.find(
    (type) => type.options?.mapEntry && field.typeName.endsWith(`.${type.name}`),
  );
  const tail = `${field.name} = ${field.number}${optionsOf(field)};`;
  if (entry) print.line(`map<${typeOf(entry.field[0])}, ${typeOf(entry.field[1])}> ${tail}`);
  else print.line(`${labelled ? labelOf(field) : ''}${typeOf(field)} ${tail}`);
}

function printReserved(print, { reservedRange, reservedName }, endsBefore) {
  if (reservedRange.length > 0) {
    const ranges = reservedRange.map(({ start, end }) => {
      const last = end - endsBefore;
      if (last >= MAX_FIELD - 1) return `${start} to max`;
      return last === start ? `${start}` : `${start} to ${last}`;
    });
    print.line(`reserved ${ranges.join(', ')};`);
  }
  if (reservedName.length > 0) {
    print.line(`reserved ${reservedName.map((name) => JSON.stringify(name)).join(', ')};`);
  }
}

const MAX_FIELD = 536_870_912;

function oneofOf(field) {
  return Object.hasOwn(field, 'oneofIndex') ? field.oneofIndex : undefined;
}

function labelOf({ label }) {
  if (label === Label.REPEATED) return 'repeated ';
  return label === Label.REQUIRED ? 'required ' : 'optional ';
}

function typeOf({ type, typeName }) {
  return typeName ? short(typeName) : Type[type].toLowerCase();
}

function short(name) {
  return name.replace(/^\.buf\.validate\./, '').replace(/^\./, '');
}

function optionsOf({ type, defaultValue, options }) {
  const all = [];
  if (defaultValue) {
    all.push(`default = ${type === Type.STRING ? JSON.stringify(defaultValue) : defaultValue}`);
  }
  if (options?.deprecated) all.push('deprecated = true');
  if (options && hasExtension(options, predefined)) {
    for (const { id, message, expression } of getExtension(options, predefined).cel) {
      const parts = [`id: ${JSON.stringify(id)}`];
      if (message) parts.push(`message: ${JSON.stringify(message)}`);
      if (expression) parts.push(`expression: ${JSON.stringify(expression)}`);
      all.push(`(predefined).cel = { ${parts.join(', ')} }`);
    }
  }
  return all.length > 0 ? ` [${all.join(', ')}]` : '';
}

function grouped(extensions) {
  const groups = new Map();
  for (const extension of extensions) {
    groups.set(extension.extendee, [...(groups.get(extension.extendee) ?? []), extension]);
  }
  return groups;
}
