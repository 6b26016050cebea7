// What `npm install` runs at its end: the native addon (explained where it can't be built) and the bundles.
import { bundle } from './bundle.mjs';
import { buildNative } from './native.mjs';

const native = buildNative();
if (!native.ok) console.error(native.explanation);
console.log(`built ${(await bundle()).join(', ')}`);
