declare const YURTLB_VERSION: string | undefined; // put in by the bundler

/** The product's version; `0.0.0-dev` when run from source. */
export const VERSION: string = typeof YURTLB_VERSION === 'string' ? YURTLB_VERSION : '0.0.0-dev';
