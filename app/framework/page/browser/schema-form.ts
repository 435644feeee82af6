/**
 * Creates a form from a JSON Schema, and reads its value. The browser validates required fields, ranges, lengths, patterns and
 * JSON, and shows errors at the field. Empty fields are omitted from the value.
 */
import { button, el, freshId } from './dom.ts';
import { type Choice, choicesOf, initialValue, labelOf, resolved, type Schema, typeOf } from './schema.ts';

/** A part of a form. */
export interface Field {
  element: HTMLElement;
  /** Returns its value; undefined if it is empty. */
  value(): unknown;
}

interface Place {
  name: string;
  schema: Schema;
  root: Schema;
  required: boolean;
}

/** Creates fields for an object's properties. */
export function objectFields(given: Schema, root: Schema = given): Field {
  const schema = resolved(given, root);
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const required = schema.required?.includes(name) ?? false;
    return { name, field: fieldFor({ name, schema: resolved(property, root), root, required }) };
  });
  // A neutral element: the parent is a form or a fieldset.
  return {
    element: el('div', { class: 'fields' }, ...fields.map(({ field }) => field.element)),
    value() {
      const entries = fields.map(({ name, field }) => [name, field.value()] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    },
  };
}

function fieldFor(place: Place): Field {
  const { schema } = place;
  const choices = choicesOf(schema);
  if (choices) return choiceField(place, choices);
  switch (typeOf(schema)) {
    case 'string':
      return stringField(place);
    case 'number':
    case 'integer':
      return numberField(place);
    case 'boolean':
      return booleanField(place);
    case 'array':
      return arrayField(place);
    case 'object':
      return schema.properties ? groupField(place) : jsonField(place);
    default:
      return jsonField(place);
  }
}

/** Creates an element with label, description and control. */
function labelled(place: Place, control: HTMLElement, extra: readonly HTMLElement[] = []): HTMLElement {
  const { name, schema, required } = place;
  control.id = freshId('field');
  const described = schema.description ? freshId('about') : undefined;
  if (described) control.setAttribute('aria-describedby', described);
  if (required) control.setAttribute('required', '');
  return el(
    'div',
    { class: 'field' },
    el('label', { for: control.id }, labelOf(name, schema), required ? '' : optional()),
    described && el('p', { class: 'hint', id: described }, schema.description),
    control,
    ...extra,
  );
}

function optional(): HTMLElement {
  return el('span', { class: 'optional' }, ' optional');
}

function choiceField(place: Place, choices: readonly Choice[]): Field {
  const { schema, required, name } = place;
  const select = el('select', { name });
  const preset = choices.findIndex(({ value }) => same(value, schema.default));
  if (preset < 0) select.append(el('option', { value: '' }, required ? 'Choose…' : '—'));
  else if (!required) select.append(el('option', { value: '' }, '—'));
  choices.forEach(({ title }, n) => {
    select.append(el('option', { value: n, selected: n === preset }, title));
  });
  return {
    element: labelled(place, select),
    value: () => (select.value === '' ? undefined : choices[Number(select.value)]?.value),
  };
}

const INPUT_TYPES: Record<string, string> = {
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
};

function stringField(place: Place): Field {
  const { schema, name, required } = place;
  const { minLength, maxLength, pattern, format } = schema;
  const initial = initialValue(schema, required);
  const limits = { minlength: minLength, maxlength: maxLength, name, autocomplete: 'off' };
  const type = INPUT_TYPES[format ?? ''] ?? 'text';
  const long = type === 'text' && !pattern && (maxLength ?? 0) > 500;
  const input = long
    ? el('textarea', { ...limits, rows: 4 })
    : el('input', {
        ...limits,
        type,
        spellcheck: 'false',
        pattern: inputPattern(pattern),
        step: type === 'datetime-local' ? 1 : undefined,
      });
  if (pattern) input.title = `Matching ${pattern}`;
  if (typeof initial === 'string') input.value = initial;
  return {
    element: labelled(place, input),
    value() {
      if (input.value === '') return required && !minLength ? '' : undefined;
      return type === 'datetime-local' ? new Date(input.value).toISOString() : input.value;
    },
  };
}

/**
 * Returns the pattern for an input, which must match the whole text; a schema's pattern may match a part. Undefined if the browser
 * does not support it.
 */
function inputPattern(pattern: string | undefined): string | undefined {
  if (!pattern) return undefined;
  const whole = `.*(?:${pattern}).*`;
  try {
    new RegExp(whole, 'v');
    return whole;
  } catch {
    return undefined;
  }
}

function numberField(place: Place): Field {
  const { schema, name, required } = place;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const initial = initialValue(schema, required);
  const whole = typeOf(schema) === 'integer';
  const input = el('input', {
    name,
    type: 'number',
    inputmode: whole ? 'numeric' : 'decimal',
    step: multipleOf ?? (whole ? 1 : 'any'),
    min: within(
      minimum ?? (whole && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : exclusiveMinimum),
    ),
    max: within(
      maximum ?? (whole && exclusiveMaximum !== undefined ? exclusiveMaximum - 1 : exclusiveMaximum),
    ),
    value: typeof initial === 'number' ? initial : undefined,
  });
  const value = (): number | undefined => (input.value === '' ? undefined : input.valueAsNumber);
  input.addEventListener('input', () => {
    const given = value();
    const touches = given !== undefined && (given === exclusiveMinimum || given === exclusiveMaximum);
    input.setCustomValidity(touches ? 'The value must not equal the limit.' : '');
  });
  return { element: labelled(place, input), value };
}

/** Omits the limits of safe integers, which zod adds to every integer. */
function within(limit: number | undefined): number | undefined {
  return limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined;
}

/** Creates a checkbox; for an optional boolean without a default a choice of yes, no and no value. */
function booleanField(place: Place): Field {
  const { schema, required, name } = place;
  if (!required && schema.default === undefined) {
    return choiceField(place, [
      { value: true, title: 'yes' },
      { value: false, title: 'no' },
    ]);
  }
  const box = el('input', { type: 'checkbox', name, checked: schema.default === true });
  const element = labelled({ ...place, required: true }, box);
  box.removeAttribute('required'); // A required checkbox would have to be checked.
  element.classList.add('tick');
  return { element, value: () => box.checked };
}

function arrayField(place: Place): Field {
  const { schema, root, name, required } = place;
  const items = resolved(schema.items ?? {}, root);
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const choices = choicesOf(items);
  if (choices) return severalOf(place, choices);
  const rows: { field: Field; row: HTMLElement }[] = [];
  const list = el('div', { class: 'rows' });
  const add = button(
    `Add ${labelOf(name, schema)}`,
    () => addRow().querySelector<HTMLElement>('input, select, textarea')?.focus(),
    { class: 'small' },
  );
  const update = (): void => {
    add.disabled = rows.length >= maxItems;
    rows.forEach(({ row }, n) => {
      row
        .querySelector<HTMLButtonElement>(':scope > button.remove')
        ?.toggleAttribute('disabled', rows.length <= minItems);
      row.querySelector('label')?.replaceChildren(`${labelOf(name, schema)} ${n + 1}`);
    });
  };
  const addRow = (preset?: unknown): HTMLElement => {
    const itemSchema =
      preset === undefined ? { ...items, description: '' } : { ...items, description: '', default: preset };
    const field = fieldFor({
      name: `${labelOf(name, schema)} ${rows.length + 1}`,
      schema: itemSchema,
      root,
      required: true,
    });
    const remove = button(
      'Remove',
      () => {
        rows.splice(
          rows.findIndex(each => each.row === row),
          1,
        );
        row.remove();
        update();
        add.focus();
      },
      { class: 'small remove' },
    );
    const row: HTMLElement = el('div', { class: 'row' }, field.element, remove);
    rows.push({ field, row });
    list.append(row);
    update();
    return row;
  };
  const initial = initialValue(schema, required);
  for (const item of Array.isArray(initial) ? initial : []) addRow(item);
  while (rows.length < Math.max(minItems, required ? 1 : 0) && rows.length < 20) addRow();
  update();
  return {
    element: fieldset(place, list, add),
    value() {
      if (rows.length === 0) return required ? [] : undefined;
      return rows.map(({ field }) => field.value());
    },
  };
}

/** Creates checkboxes for an array of choices. */
function severalOf(place: Place, choices: readonly Choice[]): Field {
  const { schema, required } = place;
  const preset = Array.isArray(schema.default) ? schema.default : [];
  const boxes = choices.map(choice => {
    const box = el('input', { type: 'checkbox', checked: preset.some(value => same(value, choice.value)) });
    return { choice, box, element: el('label', { class: 'box' }, box, choice.title) };
  });
  const ticked = (): unknown[] => boxes.filter(({ box }) => box.checked).map(({ choice }) => choice.value);
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const check = (): void => {
    const { length } = ticked();
    const few = length < minItems && (required || length > 0);
    const problem = few
      ? `Choose at least ${minItems}.`
      : length > maxItems
        ? `Choose at most ${maxItems}.`
        : '';
    boxes[0]?.box.setCustomValidity(problem);
  };
  for (const { box } of boxes) box.addEventListener('change', check);
  check();
  return {
    element: fieldset(place, ...boxes.map(({ element }) => element)),
    value: () => (ticked().length > 0 || required ? ticked() : undefined),
  };
}

/** Creates a group for an object within the object. An optional one without values is omitted. */
function groupField(place: Place): Field {
  const { schema, root, required } = place;
  const inner = objectFields(required ? schema : { ...schema, required: [] }, root);
  return {
    element: fieldset(place, inner.element),
    value() {
      const value = inner.value() as object;
      return required || Object.keys(value).length > 0 ? value : undefined;
    },
  };
}

function fieldset({ name, schema, required }: Place, ...children: readonly HTMLElement[]): HTMLElement {
  return el(
    'fieldset',
    {},
    el('legend', {}, labelOf(name, schema), required ? '' : optional()),
    schema.description ? el('p', { class: 'hint' }, schema.description) : undefined,
    ...children,
  );
}

/** Creates a text field for JSON, for schemas without another field. */
function jsonField(place: Place): Field {
  const area = el('textarea', {
    rows: 3,
    class: 'json',
    name: place.name,
    spellcheck: 'false',
    placeholder: 'JSON',
  });
  const initial = initialValue(place.schema, place.required);
  if (initial !== undefined) area.value = JSON.stringify(initial, null, 2);
  area.addEventListener('input', () => {
    area.setCustomValidity('');
    try {
      if (area.value.trim() !== '') JSON.parse(area.value);
    } catch (error) {
      area.setCustomValidity(`Not JSON: ${(error as Error).message}`);
    }
  });
  return {
    element: labelled(place, area),
    value: () => (area.value.trim() === '' ? undefined : (JSON.parse(area.value) as unknown)),
  };
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (b !== undefined && JSON.stringify(a) === JSON.stringify(b));
}
