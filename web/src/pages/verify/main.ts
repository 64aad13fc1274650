import { createApp } from 'vue'
import '../../look/base.css'
import { restoreLight } from '../../look/light'
import { language, speak } from '../../words'
import './words'
import Verify from './Verify.vue'

restoreLight()
await speak(language.value)
createApp(Verify).mount('#page')
