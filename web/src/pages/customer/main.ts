import { createApp } from 'vue'
import '../../look/base.css'
import { restoreLight } from '../../look/light'
import { language, speak } from '../../words'
import Customer from './Customer.vue'

restoreLight()
await speak(language.value)
createApp(Customer).mount('#page')
