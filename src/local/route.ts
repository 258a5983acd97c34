import { StartupError } from './startup-error';

/** A route template, ready to be matched against request paths. */
export interface Route {
  readonly template: string;
  /** Lower comes first when several routes match: literal segments before parameters, parameters before catch-alls. */
  readonly rank: string;
  /** The parameters of a decoded path (without leading slash), or undefined if it does not match. */
  match(path: string): Record<string, string> | undefined;
}

/** The constraints that a parameter may carry, as in `{id:int}`. */
const CONSTRAINTS: Record<string, string> = {
  int: '-?\\d+',
  long: '-?\\d+',
  alpha: '[A-Za-z]+',
  bool: '(?:true|false)',
  guid: '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
};

/** Reads an ASP.NET route template: literals, `{name}`, `{name?}`, `{name:int}`, `{*rest}`. Literals match in any case. */
export function parseRoute(template: string): Route {
  const segments = template.replace(/^\/+|\/+$/g, '').split('/');
  const names: string[] = [];
  let pattern = '';
  let rank = '';
  segments.forEach((segment, index) => {
    const slash = index === 0 ? '' : '/';
    const whole = /^\{(\*{1,2})?([^{}?:*]+)(?::([^{}?]+))?(\?)?\}$/.exec(segment);
    if (!whole) {
      pattern += slash + mixedSegment(segment, template, names);
      rank += segment.includes('{') ? '2' : '1';
      return;
    }
    const [, star, name = '', constraint, optional] = whole;
    names.push(name);
    if (star) {
      pattern += index === 0 ? '(.*)' : '(?:/(.*))?';
      rank += '5';
      return;
    }
    const value = `(${constraint === undefined ? '[^/]+' : constraintPattern(constraint, template)})`;
    pattern += optional ? (index === 0 ? `${value}?` : `(?:/${value})?`) : slash + value;
    rank += constraint === undefined ? '4' : '3';
  });
  const expression = new RegExp(`^${pattern}$`, 'i');
  return {
    template,
    rank,
    match(path) {
      const match = expression.exec(path);
      if (!match) return undefined;
      const values: [string, string][] = [];
      names.forEach((name, index) => {
        const value = match[index + 1];
        if (value !== undefined) values.push([name, value]);
      });
      return Object.fromEntries(values);
    },
  };
}

/** A segment of literal text with parameters in it, such as `report-{year}.{format}`. */
function mixedSegment(segment: string, template: string, names: string[]): string {
  return segment
    .split(/(\{[^{}]*\})/)
    .map((part) => {
      const parameter = /^\{([^{}?:*]+)(?::([^{}?]+))?\}$/.exec(part);
      if (!parameter) {
        if (/[{}]/.test(part)) throw new StartupError(`The route "${template}" cannot be understood at "${part}".`);
        return part.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
      }
      const [, name = '', constraint] = parameter;
      names.push(name);
      return `(${constraint === undefined ? '[^/]+?' : constraintPattern(constraint, template)})`;
    })
    .join('');
}

function constraintPattern(constraint: string, template: string): string {
  const pattern = Object.hasOwn(CONSTRAINTS, constraint.toLowerCase())
    ? CONSTRAINTS[constraint.toLowerCase()]
    : undefined;
  if (pattern === undefined) {
    const known = Object.keys(CONSTRAINTS).join(', ');
    throw new StartupError(`The route "${template}" has the constraint "${constraint}"; run here are ${known}.`);
  }
  return pattern;
}
