import type { Json } from './json';

export type Operator = 'or' | 'and' | '=' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | '||' | '??';

export type Expression =
  | { readonly kind: 'constant'; readonly value: Json | undefined }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: Expression }
  | { readonly kind: 'not' | 'negative'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'in'; readonly of: Expression; readonly list: readonly Expression[] }
  | { readonly kind: 'between'; readonly of: Expression; readonly low: Expression; readonly high: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly values: readonly Expression[] }
  | { readonly kind: 'exists'; readonly query: Query }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly properties: readonly (readonly [string, Expression])[] };

/** A source of rows: the items themselves, or the elements of a list in each. */
export interface Source {
  readonly alias: string;
  readonly list?: Expression;
}

export interface SelectedItem {
  readonly expression: Expression;
  readonly name?: string;
  /** The expression as written. */
  readonly text: string;
}

export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'value'; readonly expression: Expression; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly SelectedItem[] };

export interface Order {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly text: string;
}

export interface Query {
  readonly select: Selection;
  readonly top?: Expression;
  readonly sources: readonly Source[];
  /** The sources as written. */
  readonly from: string;
  readonly where?: Expression;
  /** The filter as written. */
  readonly filter?: string;
  readonly orderBy: readonly Order[];
}

/** A condition of a patch: a query without a selection. */
export type Condition = Pick<Query, 'sources' | 'where'>;
