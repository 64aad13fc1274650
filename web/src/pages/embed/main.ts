import { shop } from './shelf'
import './site'

// The page reads its storage as it is loaded: the shelf comes first. Outside of a frame the customers' page is the same and more.
if (parent === window) location.replace(`/?shop=${encodeURIComponent(shop)}`)
else void import('./page')
